"""What every test may ask for by name."""

from tests.servers import (
    binaries,
    broker,
    database_server,
    database_url,
    migrated_template,
    servers_folder,
)

__all__ = ["binaries", "broker", "database_server", "database_url", "migrated_template", "servers_folder"]
