"""The demonstration's people. Every name is invented, and looks it.

The second unit exists to prove that nothing of it is ever seen from the first.
"""

from collections.abc import Iterable
from typing import Final

from gateway.adapters.postgres.municipality import Municipality
from gateway.model.authorisation import Role
from gateway.ports.people import Person
from homecare.identity import UnitId

FIRST: Final = UnitId("unit-demo-0001")
SECOND: Final = UnitId("unit-demo-0002")

_FIRST: Final = (
    ("person-demo-care-01", "Karin Påhittad", Role.CAREGIVER),
    ("person-demo-care-02", "Omar Påhittad", Role.CAREGIVER),
    ("person-demo-desk-01", "Disa Påhittad", Role.OPERATOR),
    ("person-demo-desk-02", "Olle Påhittad", Role.OPERATOR),
    ("person-demo-plan-01", "Petra Påhittad", Role.COORDINATOR),
    ("person-demo-tech-01", "Ivar Påhittad", Role.INTEGRATOR),
    ("person-demo-admin-01", "Anna Påhittad", Role.ADMINISTRATOR),
)
_SECOND: Final = (
    ("person-other-care-01", "Kalle Annanstans", Role.CAREGIVER),
    ("person-other-desk-01", "Doris Annanstans", Role.OPERATOR),
    ("person-other-plan-01", "Pelle Annanstans", Role.COORDINATOR),
    ("person-other-tech-01", "Irma Annanstans", Role.INTEGRATOR),
    ("person-other-admin-01", "Arne Annanstans", Role.ADMINISTRATOR),
)


def people() -> tuple[Person, ...]:
    """Everybody of both units."""
    return (*_of(FIRST, _FIRST), *_of(SECOND, _SECOND))


def _of(unit: UnitId, rows: Iterable[tuple[str, str, Role]]) -> tuple[Person, ...]:
    return tuple(
        Person(id=id_, unit=unit, name=name, display=name, roles={unit: frozenset({role})}) for id_, name, role in rows
    )


MUNICIPALITIES: Final = (
    Municipality(
        id="municipality-demo-0001",
        label="Exempelby kommun (påhittad)",
        units={FIRST: "Exempelbyns hemtjänst (påhittad)"},
        words={"call_in": ("08-465 004 90", "08-465 004 90"), "reserve_number": ("08-465 004 91", "08-465 004 91")},
    ),
    Municipality(
        id="municipality-demo-0002",
        label="Andraby kommun (påhittad)",
        units={SECOND: "Andrabyns hemtjänst (påhittad)"},
        words={"resident": ("kund", "customer"), "alarm_centre": ("larmmottagning", "alarm reception")},
    ),
)
"""The first speaks with the built-in words, the second has some of its own. The number is
of a series that is kept free for films and examples."""
