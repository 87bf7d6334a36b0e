"""A private PostgreSQL with TimescaleDB and an MQTT broker, for a machine that has none.

`unpack` fetches the servers once into an ignored folder, without root and without touching the host; `PrivateDatabase`
and `PrivateBroker` run them as children of this process, on loopback only. A real installation points Vaka at its own
servers instead and needs nothing of this package.
"""

from gateway.embedded.binaries import Binaries, unpack
from gateway.embedded.broker import EdgeListener, PrivateBroker
from gateway.embedded.database import PrivateDatabase
from gateway.embedded.ports import free_port

__all__ = ["Binaries", "EdgeListener", "PrivateBroker", "PrivateDatabase", "free_port", "unpack"]
