"""Plans and visits for tests: one unit's homes and caregivers, and evidence as phones and doors give it."""

import psycopg

from gateway.adapters.postgres.registry import enrol
from gateway.model.plan import Plan
from gateway.model.plan_line import visit_id
from gateway.ports.visits import PlanImport
from homecare.clock import HOUR
from homecare.identity import UnitId
from homecare.visit import Evidence, Movement, PlannedVisit, Proof
from tests.gateway.enrolled import NOW, household

UNIT = UnitId("unit-0001")
HOUSES = (household(1), household(2))
KARIN, OMAR, PETRA = "person-karin-01", "person-omar-001", "person-petra-01"
SINCE = NOW + HOUR


def settle(url: str, *, houses: tuple = HOUSES) -> None:  # type: ignore[type-arg]
    """Enrol the homes and let people work in their unit."""
    for house in houses:
        enrol(url, house.registration)
    with psycopg.connect(url) as connection:
        for person, role in ((KARIN, "caregiver"), (OMAR, "caregiver"), (PETRA, "coordinator")):
            connection.execute("INSERT INTO person VALUES (%s, %s, %s, %s)", (person, UNIT, person, person))
            connection.execute("INSERT INTO person_role VALUES (%s, %s, %s)", (person, UNIT, role))


def planned(external_id: str = "1", **changes: object) -> PlannedVisit:
    values: dict[str, object] = {
        "home": HOUSES[0].home,
        "since": SINCE,
        "until": SINCE + HOUR,
        "people": (KARIN,),
        "tasks": ("Tillsyn",),
        **changes,
    }
    return PlannedVisit(id=visit_id(UNIT, external_id), unit=UNIT, external_id=external_id, **values)  # type: ignore[arg-type]


def plan(*visits: PlannedVisit) -> Plan:
    return Plan(rows=len(visits), visits=visits)


def record(number: int = 1, *, exported_at: int = NOW) -> PlanImport:
    return PlanImport(
        id=f"import-{number:08}",
        unit=UNIT,
        person=PETRA,
        imported_at=NOW,
        exported_at=exported_at,
        digest=b"\0" * 32,
    )


def piece(id_: str, movement: Movement, *, at: int = SINCE, **more: object) -> Evidence:
    values = {"person": KARIN, "proof": Proof.TAG, "received_at": at + 1, **more}
    return Evidence(id=id_, movement=movement, claimed_at=at, **values)  # type: ignore[arg-type]
