"""What `make run` is given by its environment, looked at before anything is started."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from gateway.config import PORT, read_broker_url, read_database_url, read_port
from homecare.errors import Unavailable

DATA: Final = ".vaka"


class Given(msgspec.Struct, frozen=True):
    """The data folder (it is there and can be written), the desk's port, and servers that there are already."""

    data: Path
    port: int
    database: str | None
    broker: str | None


def read_given(environment: Mapping[str, str] = os.environ) -> Given:
    """`Malformed` names the variable that is wrong; `Unavailable`: the data folder cannot be written."""
    database, broker = environment.get("VAKA_DATABASE_URL"), environment.get("VAKA_BROKER_URL")
    return Given(
        port=read_port(environment.get("VAKA_PORT") or str(PORT)),
        database=read_database_url(database) if database else None,
        broker=read_broker_url(broker) if broker else None,
        data=_folder(Path(environment.get("VAKA_DATA") or DATA).absolute()),
    )


def _folder(data: Path) -> Path:
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not os.access(data, os.W_OK | os.X_OK):
            raise PermissionError(None, "it belongs to somebody else")
    except OSError as error:
        hint = f"{error.strerror}; set VAKA_DATA to a folder that you may write to"
        raise Unavailable("make the data folder", str(data), hint) from error
    return data
