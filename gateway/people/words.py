"""Words that differ between municipalities: the built-in ones, and what a municipality says instead.

A screen never writes these words itself: it takes them from `GET /api/v1/words`. Each is given in its plain form, so
that a sentence must be built to hold any of them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Said(msgspec.Struct, frozen=True):
    """A term in Swedish and in English."""

    sv: str
    en: str


SETTING: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "resident": Said("brukare", "client"),
        "alarm_centre": Said("larmcentral", "alarm centre"),
        "coordinator": Said("samordnare", "coordinator"),
        "responder": Said("utryckande personal", "responder"),
        "night_patrol": Said("nattpatrull", "night patrol"),
        "installer": Said("larmtekniker", "alarm technician"),
        "alarm_unit": Said("larmdosa", "alarm unit"),
        "pendant": Said("larmknapp", "pendant"),
        "lock": Said("digitalt lås", "digital lock"),
        "key_box": Said("nyckelgömma", "key box"),
        "visits_not_registered": Said("ej inlästa besök", "visits not registered"),
        "reserve": Said(
            "Ring reservnumret och följ reservrutinen på papper.",
            "Phone the reserve number and follow the reserve routine on paper.",
        ),
        "reserve_number": Said("", ""),
        "call_in": Said("", ""),
    }
)
"""Every such term; `reserve` is the whole instruction for when a screen does not work, `reserve_number` the telephone
number, as it is dialled, that a desk without contact shows, `call_in` the one that staff at a door call when the app
cannot help: both empty where none was stated."""


def spoken(own: Mapping[str, tuple[str, str]]) -> dict[str, Said]:
    """All terms as a municipality says them; a term that we do not know is none of ours."""
    return {term: Said(*own[term]) if term in own else said for term, said in SETTING.items()}
