"""Secrets that devices gave this edge itself, such as a lock's authorisation: one file each, for its owner's eyes only.

They lie in `DATA_FOLDER/secrets/DEVICE` as hex, beside what the configuration says, and take precedence over it.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from homecare.errors import Malformed, Unavailable
from homecare.identity import DeviceId

FOLDER: Final = "secrets"
SECRET_BYTES: Final = 64
"""Of one device at most, as in the configuration."""
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def store(data_folder: Path, device: DeviceId, secret: bytes) -> Path:
    """Keep a secret, in place of an older one; durable when this returns. `Unavailable` if the disk refuses."""
    folder = data_folder / FOLDER
    path, fresh = folder / device, folder / f"{device}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise Unavailable("store secret", type(error).__name__, "make the data folder writable") from error
    return path


def stored(data_folder: Path, devices: Iterable[DeviceId]) -> dict[DeviceId, bytes]:
    """The secrets of these devices that are stored. `Malformed` for a file that is none, or that others may read."""
    found = {device: _read(data_folder / FOLDER / device, device) for device in devices}
    return {device: secret for device, secret in found.items() if secret is not None}


def _read(path: Path, device: DeviceId) -> bytes | None:
    try:
        if path.stat().st_mode & _OPEN_TO_OTHERS:
            raise Malformed("read secret", device, "chmod 600: only its owner may read it")
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable("read secret", device, "make the file readable for the edge") from error
    except ValueError:
        raise Malformed("read secret", device, "hex digits; pair the device again") from None
    if not 0 < len(secret) <= SECRET_BYTES:
        raise Malformed("read secret", device, f"at most {SECRET_BYTES} bytes; pair the device again")
    return secret
