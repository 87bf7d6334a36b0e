"""What the gateway's processes are told by their environment; nothing else reads it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gateway.retention import DEFAULTS
from homecare.errors import Malformed
from homecare.identity import SHARDS, derived_id, new_secret
from homecare.seal import KEY_BYTES, public_key

PORT: Final = 8080
DATA: Final = ".vaka"
LOOPBACK: Final = "127.0.0.1"
PORT_MOST: Final = 65_535
DAYS_MOST: Final = 36_500


class Config(msgspec.Struct, frozen=True):
    """Addresses, the data folder, the gateway's long-term key and the shards that a bulk process writes."""

    database_url: str
    broker_url: str
    port: int
    data: Path
    key_file: Path
    shards: tuple[int, ...]
    retention: Mapping[str, int] = {}
    """Days to keep a table's rows where `VAKA_RETENTION` says other than `gateway.retention.DEFAULTS`."""
    origin: str | None = None
    """The address under which people open the pages, where it is another than this machine's own."""
    demonstration: bool = False
    """Whether people may sign in by name alone from this machine."""
    tls_port: int | None = None
    """Where new edges come in, over TLS with our own authority; None: nobody can."""
    edges_url: str | None = None
    """The broker's address that new edges are told; None: the same as ours."""
    rights_file: Path | None = None
    """The broker's access file, kept by the alarm process; None where the broker is kept by somebody else."""
    broker_pid_file: Path | None = None
    """Whom to tell when the access file changed."""
    webhook_url: str | None = None
    """Where another system is told of alarms that nobody takes; its key is `$VAKA_DATA/webhook.key`."""

    def gateway_key(self) -> bytes:
        """The 32-byte X25519 key; made where there is none yet, readable by its owner only."""
        return read_key(self.key_file)

    def session(self, name: str, *where: str | int) -> str:
        """The name of a session at the broker: the same at each start, and no other installation's on that broker.

        The gateway's key tells installations apart: who has another one is another gateway to every edge.
        """
        return derived_id(name, public_key(self.gateway_key()).hex(), *where)

    def origins(self, port: int) -> tuple[str, ...]:
        """The origins of our own pages, the one that passkeys belong to first."""
        return (self.origin,) if self.origin else (f"http://localhost:{port}", f"http://{LOOPBACK}:{port}")


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration; `Malformed` says which variable is missing or wrong."""
    data = Path(environment.get("VAKA_DATA", DATA))
    key_file = environment.get("VAKA_GATEWAY_KEY_FILE")
    return Config(
        database_url=read_database_url(environment.get("VAKA_DATABASE_URL", "")),
        broker_url=read_broker_url(environment.get("VAKA_BROKER_URL", "")),
        port=read_port(environment.get("VAKA_PORT", str(PORT))),
        data=data,
        key_file=Path(key_file) if key_file else data / "gateway.key",
        shards=read_shards(environment.get("VAKA_SHARDS", f"0-{SHARDS - 1}")),
        retention=read_retention(environment.get("VAKA_RETENTION", "")),
        origin=read_origin(environment.get("VAKA_ORIGIN", "")),
        demonstration=environment.get("VAKA_DEMO", "") == "1",
        tls_port=_maybe_number(environment.get("VAKA_TLS_PORT", ""), "VAKA_TLS_PORT"),
        edges_url=environment.get("VAKA_EDGES_BROKER_URL") or None,
        rights_file=_maybe_path(environment.get("VAKA_BROKER_RIGHTS_FILE", "")),
        broker_pid_file=_maybe_path(environment.get("VAKA_BROKER_PID_FILE", "")),
        webhook_url=environment.get("VAKA_WEBHOOK_URL") or None,
    )


def read_origin(text: str) -> str | None:
    """`https://larm.example.se` as a browser names it, None for nothing; `Malformed` for an address without https."""
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or text != f"https://{parts.netloc}" or "@" in parts.netloc:
        raise Malformed("read configuration", "VAKA_ORIGIN", "https://name or https://name:port, nothing behind it")
    return text


def read_database_url(text: str) -> str:
    """The address as it was given; `Malformed` if it is none of PostgreSQL's. Nothing of it is repeated."""
    if urlsplit(text).scheme not in {"postgresql", "postgres"}:
        hint = "set it, for example postgresql://user:password@host:port/name"
        raise Malformed("read configuration", "VAKA_DATABASE_URL", hint)
    return text


def read_broker_url(text: str) -> str:
    """The address as it was given; `Malformed` if it is none of a broker's. Nothing of it is repeated."""
    parts = urlsplit(text)
    try:
        good = parts.scheme == "mqtt" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        good = False
    if not good:
        hint = "set it, for example mqtt://host:port or mqtt://user:password@host:port"
        raise Malformed("read configuration", "VAKA_BROKER_URL", hint)
    return text


def read_port(text: str) -> int:
    """Where desk and API listen; `Malformed` unless it is a port's number."""
    return _number(text, "VAKA_PORT", most=PORT_MOST, least=1)


def read_shards(text: str) -> tuple[int, ...]:
    """The shards of `3`, `0-127` or `0-3,8`; `Malformed` otherwise."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start = _number(first, "VAKA_SHARDS", most=SHARDS - 1)
        found.update(range(start, _number(last or first, "VAKA_SHARDS", most=SHARDS - 1) + 1))
    if not found:
        raise Malformed("read configuration", "VAKA_SHARDS", "for example 0-255")
    return tuple(sorted(found))


def read_retention(text: str) -> dict[str, int]:
    """The days of `event=90,observation=30`; `Malformed` for anything else, or a table without a period."""
    days: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        table, _, number = part.partition("=")
        if table not in DEFAULTS:
            raise Malformed("read configuration", "VAKA_RETENTION", f"tables are {', '.join(DEFAULTS)}")
        days[table] = _number(number, "VAKA_RETENTION", most=DAYS_MOST)
    return days


def read_key(path: Path) -> bytes:
    """The key in the file (hex), made if there is no file. Two processes may ask at once: both get the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        made = path.with_name(f"{path.name}.{os.getpid()}")
        made.touch(mode=0o600)
        made.write_text(new_secret().hex(), encoding="ascii")
        try:
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise Malformed("read key", "VAKA_GATEWAY_KEY_FILE", f"{KEY_BYTES} bytes in hex") from error
    if len(key) != KEY_BYTES:
        raise Malformed("read key", "VAKA_GATEWAY_KEY_FILE", f"{KEY_BYTES} bytes in hex")
    return key


def _maybe_number(text: str, name: str) -> int | None:
    return _number(text, name, most=PORT_MOST) if text else None


def _maybe_path(text: str) -> Path | None:
    return Path(text) if text else None


def _number(text: str, name: str, *, most: int, least: int = 0) -> int:
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise Malformed("read configuration", name, f"a number from {least} to {most}")
    return int(text)
