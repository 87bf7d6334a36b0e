"""Enrols simulated homes: keys, rows in the registry, configuration files of their edges."""

from pathlib import Path
from typing import Any, Final

import msgspec

from edge.enrolment import new_request
from gateway.adapters.postgres.case import enrol_instructions
from gateway.adapters.postgres.municipality import enrol_municipality
from gateway.adapters.postgres.people import enrol_people
from gateway.adapters.postgres.registry import enrol_all, known_edges, revoked_edges
from gateway.config import read_key
from gateway.edges.authority_files import open_authority
from gateway.identity import FOLDER
from gateway.model.certificates import issue_edge
from gateway.ports.registry import Edge, Home, HomeRegistration
from homecare import seal
from homecare.clock import SystemClock
from homecare.consent import MemberKind
from homecare.identity import EdgeId, new_secret, shard_of
from simulator.home import HomeConfig
from simulator.household import STICK, HomePlan, edge_id
from simulator.instructions import INSTRUCTIONS
from simulator.people import FIRST, MUNICIPALITIES, people
from simulator.shift import hang_tags

UNIT: Final = FIRST
UNIT_LABEL: Final = "Exempelbyns hemtjänst (påhittad)"
TIME_ZONE: Final = "Europe/Stockholm"
MARK_BYTES: Final = 4
"""Chance enough for the few that share a broker."""
ESP3_BAUD: Final = 57_600
SINCE: Final = 0
"""Wall microseconds from which the edges stand in their homes: from the beginning, whatever an edge's clock says."""


def edge_mark(database: str, *, shared: bool) -> str:
    """What stands at the end of the edges' ids: as this database knows them, else something new on a `shared` broker.

    An edge's id names its session at the broker: two with the same one throw each other out for ever. `shared`: the
    broker is not ours alone, and another Vaka may have its homes there.
    """
    first = edge_id(1, "")
    known = [edge.removeprefix(first) for edge in sorted(known_edges(database)) if edge.startswith(first)]
    if known:
        return known[0]
    return f"-{new_secret()[:MARK_BYTES].hex()}" if shared else ""


def enrol(database: str, plans: tuple[HomePlan, ...], data: Path) -> frozenset[EdgeId]:
    """Write units, homes, edges, devices, people and instructions; the same again changes nothing.

    The edges that somebody revoked in an earlier run, and that therefore stay out.
    """
    enrol_all(database, tuple(_registration(plan, data) for plan in plans))
    for municipality in MUNICIPALITIES:
        enrol_municipality(database, municipality)
    enrol_people(database, people())
    hang_tags(database, plans)
    enrol_instructions(database, INSTRUCTIONS)
    return revoked_edges(database)


def write_edge_config(config: HomeConfig, data: Path, *, gateway_key: Path) -> Path:
    """The edge's configuration file, for the owner's eyes only because it holds the devices' keys."""
    plan = config.plan
    key = _edge_key(plan, data)
    folder = key.parent
    scheme = config.broker.partition(":")[0]
    content: dict[str, Any] = {
        "edge": plan.edge,
        "home": plan.home,
        "private_key_file": str(key),
        "gateway_public_key": seal.public_key(read_key(gateway_key)).hex(),
        "broker_url": f"{scheme}://127.0.0.1:{config.router_port}",
        "data_folder": str(folder / "data"),
        "ble": True,
        "serial": [{"name": STICK, "path": config.stick, "baud": ESP3_BAUD, "kind": "esp3"}],
        "devices": [{**msgspec.to_builtins(planned.device), "secret": planned.key} for planned in plan.devices],
        **(_certificates(plan, folder, data) if scheme == "mqtts" else {}),
    }
    path = folder / f"{plan.edge}.json"
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2))
    return path


def _certificates(plan: HomePlan, folder: Path, data: Path) -> dict[str, str]:
    """What an enrolled edge has: a key of its own, its certificate, and the authority that it believes."""
    clock = SystemClock()
    authority = open_authority(data / FOLDER, clock)
    names = {"certificate_file": "edge.pem", "certificate_key_file": "edge.pem.key", "authority_file": "authority.pem"}
    paths = {field: folder / name for field, name in names.items()}
    if not paths["certificate_file"].exists():
        key, request = new_request()
        issued = issue_edge(authority, request, edge=plan.edge, at=clock.now().wall)
        contents = (issued.certificate, key, authority.certificate)
        for path, content in zip(paths.values(), contents, strict=True):
            path.touch(mode=0o600)
            path.write_bytes(content)
    return {field: str(path) for field, path in paths.items()}


def _registration(plan: HomePlan, data: Path) -> HomeRegistration:
    public = seal.public_key(read_key(_edge_key(plan, data)))
    home = Home(
        id=plan.home,
        unit=UNIT,
        shard=shard_of(plan.home),
        label=plan.label,
        address=plan.address,
        resident=plan.resident,
        time_zone=TIME_ZONE,
    )
    return HomeRegistration(
        consented=(MemberKind.RESIDENT,),
        unit=UNIT,
        unit_label=UNIT_LABEL,
        home=home,
        edges=(Edge(id=plan.edge, public_key=public),),
        devices=tuple((plan.edge, planned.device) for planned in plan.devices),
        valid_from=SINCE,
    )


def _edge_key(plan: HomePlan, data: Path) -> Path:
    return data / "edges" / plan.edge / "edge.key"
