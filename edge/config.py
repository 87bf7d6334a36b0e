"""The agent's configuration: one JSON file, written by whoever installs the edge.

    {
      "edge": "edge-0123456789abcdef",
      "home": "home-0123456789abcdef",
      "private_key_file": "edge.key",
      "gateway_public_key": "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f",
      "broker_url": "mqtt://127.0.0.1:1883",
      "data_folder": "data",
      "quota_bytes": 67108864,
      "ble": true,
      "serial": [{"name": "enocean", "path": "/dev/serial/by-id/usb-...", "baud": 57600, "kind": "esp3"}],
      "devices": [
        {
          "id": "dev-0123456789abcdef",
          "home": "home-0123456789abcdef",
          "driver": "bthome",
          "address": "A4:C1:38:00:00:01",
          "capabilities": ["help_call", "button"],
          "placement": "worn",
          "reports_every": 3600,
          "secret": "231d39c1d7cc1ab1aee224cd096db932"
        }
      ]
    }

`private_key_file` holds the edge's X25519 private key, 64 hex digits, readable by its owner only. Relative paths are
relative to the configuration's folder. A device's `secret` is its own key in hex, or null where it has none; what
`vaka-edge pair` stored for it comes first.
`vaka-edge enrol` writes such a file, with `certificate_file`, `certificate_key_file` and `authority_file` (PEM) for a
broker at `mqtts://`.
"""

import stat
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from edge import device_secrets
from homecare.device import Capability, Device, Placement
from homecare.errors import Malformed, Unavailable
from homecare.event import IdText
from homecare.identity import DeviceId, EdgeId, HomeId
from homecare.seal import KEY_BYTES

CONFIG_LIMIT: Final = 1024 * 1024
"""Bytes of a configuration: thousands of devices."""
QUOTA_DEFAULT: Final = 64 * 1024 * 1024
"""Bytes of the journal: some 200,000 facts, weeks of a talkative home."""
QUOTA_LEAST: Final = 256 * 1024
"""Bytes below which a quota holds too little to be of use."""
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_Hex32 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_Name = Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")]


class SerialPort(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One serial port; `kind` names its framing (`edge.drivers.FRAMERS`), `path` should survive replugging."""

    name: _Name
    path: str
    kind: _Name
    baud: Annotated[int, Meta(ge=1200, le=4_000_000)] = 57_600


class InstalledDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device as `homecare.device.Device`, with its own key."""

    id: IdText
    home: IdText
    driver: str
    address: str
    capabilities: tuple[Capability, ...]
    placement: Placement = Placement.OTHER
    reports_every: Annotated[int, Meta(ge=1)] | None = None
    secret: Annotated[str, Meta(pattern="^([0-9a-f]{2}){1,64}$")] | None = None


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module."""

    edge: IdText
    home: IdText
    private_key_file: str
    gateway_public_key: _Hex32
    broker_url: str
    data_folder: str
    devices: tuple[InstalledDevice, ...]
    quota_bytes: Annotated[int, Meta(ge=QUOTA_LEAST)] = QUOTA_DEFAULT
    ble: bool = False
    serial: tuple[SerialPort, ...] = ()
    certificate_file: str | None = None
    certificate_key_file: str | None = None
    authority_file: str | None = None


class Certificates(msgspec.Struct, frozen=True):
    """Files in PEM: what the edge shows the broker, the key to it, and whom it believes to be the broker."""

    certificate: Path
    key: Path
    authority: Path


class Installation(msgspec.Struct, frozen=True):
    """A configuration that was read and checked, with its keys."""

    edge: EdgeId
    home: HomeId
    private_key: bytes
    gateway_public_key: bytes
    broker_url: str
    data_folder: Path
    quota_bytes: int
    ble: bool
    serial: tuple[SerialPort, ...]
    devices: tuple[Device, ...]
    secrets: dict[DeviceId, bytes]
    certificates: Certificates | None = None


def read_config(path: Path) -> Installation:
    """The installation that the file describes.

    `Unavailable` if it cannot be read; `Malformed` says which field is wrong and how (never its value).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unavailable("read configuration", type(error).__name__, "name a readable file") from error
    if len(data) > CONFIG_LIMIT:
        raise Malformed("read configuration", "file", f"at most {CONFIG_LIMIT} bytes")
    try:
        config = msgspec.json.decode(data, type=Config)
    except msgspec.ValidationError as error:
        raise Malformed("read configuration", _field(error), _expectation(error)) from None
    except msgspec.DecodeError as error:
        raise Malformed("read configuration", "file", "JSON as the documentation of edge.config shows") from error
    return _install(config, path.parent)


def _install(config: Config, folder: Path) -> Installation:
    _unique("devices[...].id", [device.id for device in config.devices])
    _unique("serial[...].name", [port.name for port in config.serial])
    for index, device in enumerate(config.devices):
        if device.home != config.home:
            raise Malformed("read configuration", f"devices[{index}].home", "the home of this edge")
    return Installation(
        edge=EdgeId(config.edge),
        home=HomeId(config.home),
        private_key=read_private_key(folder / config.private_key_file),
        gateway_public_key=bytes.fromhex(config.gateway_public_key),
        broker_url=config.broker_url,
        data_folder=folder / config.data_folder,
        quota_bytes=config.quota_bytes,
        ble=config.ble,
        serial=config.serial,
        devices=tuple(_device(device) for device in config.devices),
        certificates=_certificates(config, folder),
        secrets=_secrets(config, folder),
    )


def _secrets(config: Config, folder: Path) -> dict[DeviceId, bytes]:
    """The devices' own keys: those that were stored by pairing before those that the configuration holds."""
    written = {DeviceId(one.id): bytes.fromhex(one.secret) for one in config.devices if one.secret is not None}
    ids = [DeviceId(one.id) for one in config.devices]
    return {**written, **device_secrets.stored(folder / config.data_folder, ids)}


def _certificates(config: Config, folder: Path) -> Certificates | None:
    """All three files or none: an edge that has a certificate is certified by an authority of its own."""
    names = (config.certificate_file, config.certificate_key_file, config.authority_file)
    if names == (None, None, None):
        return None
    certificate, key, authority = names
    if certificate is None or key is None or authority is None or not config.broker_url.startswith("mqtts://"):
        raise Malformed("read configuration", "certificate_file", "certificate, key and authority, with mqtts://")
    paths = Certificates(certificate=folder / certificate, key=folder / key, authority=folder / authority)
    for path in (paths.certificate, paths.key, paths.authority):
        if not path.is_file():
            raise Unavailable("read configuration", path.name, "enrol the edge again, or put the file back")
    if paths.key.stat().st_mode & _OPEN_TO_OTHERS:
        raise Malformed("read configuration", "certificate_key_file", "chmod 600: only its owner may read it")
    return paths


def read_private_key(path: Path) -> bytes:
    """The key in the file; `Malformed` if it is none, or if others than its owner may read it."""
    try:
        if path.stat().st_mode & _OPEN_TO_OTHERS:
            raise Malformed("read private key", "private_key_file", "chmod 600: only its owner may read it")
        text = path.read_text(encoding="ascii").strip()
        key = bytes.fromhex(text)
    except OSError as error:
        raise Unavailable("read private key", "private_key_file", "name a readable file") from error
    except ValueError:
        raise Malformed("read private key", "private_key_file", "64 hex digits") from None
    if len(key) != KEY_BYTES:
        raise Malformed("read private key", "private_key_file", "64 hex digits")
    return key


def _device(one: InstalledDevice) -> Device:
    return Device(
        id=DeviceId(one.id),
        home=HomeId(one.home),
        driver=one.driver,
        address=one.address,
        capabilities=one.capabilities,
        placement=one.placement,
        reports_every=one.reports_every,
    )


def _unique(field: str, values: list[str]) -> None:
    if len(set(values)) != len(values):
        raise Malformed("read configuration", field, "each one once")


def _field(error: msgspec.ValidationError) -> str:
    """The path of the field, such as `devices[0].id`; the file where the message names none."""
    _, found, path = str(error).rpartition(" - at `$")
    return path.rstrip("`").lstrip(".") if found else "file"


def _expectation(error: msgspec.ValidationError) -> str:
    return str(error).rpartition(" - at `$")[0] or str(error)
