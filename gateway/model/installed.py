"""The devices of one home, packed: what nobody looks at takes a hundred bytes a device instead of three hundred.

The form is JSON, so that the database can write it: of each device the row `edge, id, driver, address, capabilities,
placement, reports_every`, in the order of the ids.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from homecare.device import Capability, Device, Placement
from homecare.identity import DeviceId, EdgeId, HomeId

COMBINATIONS: Final = 256
"""Different sets of capabilities that are kept once; a product range has a few dozen."""

Installed = tuple[tuple[EdgeId, Device], ...]
"""Devices, each with the edge that hears it."""
_Row = tuple[str, str, str, str, tuple[Capability, ...], Placement, int | None]
_rows: Final = msgspec.json.Decoder(list[_Row])
_encoder: Final = msgspec.json.Encoder()


def pack(devices: Iterable[tuple[EdgeId, Device]]) -> dict[HomeId, bytes]:
    """The devices of each home, as `unpack` reads them."""
    rows: defaultdict[HomeId, list[_Row]] = defaultdict(list)
    for edge, one in devices:
        rows[one.home].append(
            (edge, one.id, one.driver, one.address, one.capabilities, one.placement, one.reports_every)
        )
    return {home: _encoder.encode(of_home) for home, of_home in rows.items()}


def unpack(home: HomeId, packed: bytes) -> Installed:
    """The devices of `home`; `msgspec.ValidationError` for a device that this version does not know."""
    return tuple(
        (
            EdgeId(edge),
            Device(
                id=DeviceId(id_),
                home=home,
                driver=sys.intern(driver),
                address=address,
                capabilities=_once(capabilities),
                placement=placement,
                reports_every=reports_every,
            ),
        )
        for edge, id_, driver, address, capabilities, placement, reports_every in _rows.decode(packed)
    )


@lru_cache(maxsize=COMBINATIONS)
def _once(capabilities: tuple[Capability, ...]) -> tuple[Capability, ...]:
    """Equal sets of capabilities are one object: tens of thousands of devices have one of a few."""
    return capabilities
