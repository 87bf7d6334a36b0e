"""The authority on disk, and the certificate of this machine's own servers: each one file with certificate and key.

Whoever comes first makes them; two processes that start together get the same ones. The key's file is its owner's only.
"""

import os
from pathlib import Path
from typing import Final

from gateway.model.certificates import Authority, Server, issue_server, make_authority
from homecare.clock import Clock
from homecare.errors import Unavailable

NAMES: Final = ("127.0.0.1", "localhost")
"""For what the private servers are certified: they listen on loopback only."""


def open_authority(folder: Path, clock: Clock) -> Authority:
    """The authority of this folder; made where there is none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    both = folder / "authority.both.pem"
    if not both.exists():
        made = make_authority(clock.now().wall)
        _appear(both, made.certificate + made.key)
    text = _read(both)
    split = text.index(b"-----BEGIN PRIVATE KEY-----")
    return Authority(certificate=text[:split], key=text[split:])


def server_file(folder: Path, authority: Authority) -> Path:
    """Where `open_server` keeps certificate and key: one file, which TLS libraries take as it is."""
    return folder / f"server-{authority.digest.hex()}.pem"


def open_server(folder: Path, authority: Authority, clock: Clock) -> Server:
    """The servers' certificate and key of this folder; made where there is none, or another authority made it."""
    both = server_file(folder, authority)
    if not both.exists():
        made = issue_server(authority, NAMES, at=clock.now().wall)
        _appear(both, made.certificate + made.key)
    text = _read(both)
    split = text.index(b"-----BEGIN PRIVATE KEY-----")
    return Server(certificate=text[:split], key=text[split:])


def _appear(path: Path, content: bytes) -> None:
    """Put a whole file there unless somebody else just did."""
    made = path.with_name(f"{path.name}.{os.getpid()}")
    made.touch(mode=0o600)
    made.write_bytes(content)
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        made.unlink()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable("read authority", type(error).__name__, "see that its folder can be read") from error
