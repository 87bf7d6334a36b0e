"""The world of a fault run: real servers, both gateway processes, twenty edges on real ttys, all in one folder."""

import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.adapters.postgres.migrate import migrate
from gateway.adapters.postgres.registry import enrol_all
from gateway.embedded import PrivateBroker, PrivateDatabase, unpack
from gateway.ports.registry import Edge, Home, HomeRegistration
from homecare import seal
from homecare.consent import MemberKind
from homecare.device import Capability, Device, Placement
from homecare.identity import DeviceId, EdgeId, HomeId, UnitId, shard_of
from tests.faults.devices import CountedDevice, Line
from tests.faults.ledger import Ledger, edge_name, home_name
from tests.faults.plan import EDGES, HOMES, Plan, PlannedDevice, PlannedKill, Role, Sort, home_of
from tests.faults.roles import Process, wipe
from tests.ports import new_port

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ROOT / ".vaka" / "services"
CAPABILITIES: Final = {
    Sort.BUTTON: Capability.HELP_CALL,
    Sort.LOCK: Capability.LOCK,
    Sort.DOOR: Capability.CONTACT,
    Sort.THERMOMETER: Capability.OBSERVATION,
}
QUOTA: Final = 256 * 1024 * 1024
"""Bytes of an edge's journal: above anything that a run states, for eviction is another test."""
DOOR_SECONDS: Final = 10
GATEWAY_KEY: Final = bytes(range(100, 132))


@dataclass
class Running:
    """One role's process and how often it was killed with work in flight."""

    process: Process | PrivateBroker | PrivateDatabase
    kills: int = 0


class Household:
    """Starts everything, kills what the plan says, stops everything."""

    def __init__(self, plan: Plan, ledger: Ledger, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        binaries = unpack(SERVICES, print)
        self.database = PrivateDatabase(binaries, folder / "database", new_port())
        self.broker = PrivateBroker(binaries, folder / "broker", new_port())
        self.lines = [self._line(edge, ledger) for edge in range(EDGES)]
        self.alarm, self.bulk, self.edges = self._processes()

    def start(self) -> None:
        """Servers, schema, enrolment, gateway, edges."""
        self.database.start()
        migrate(self.database.url)
        self.broker.start()
        enrol_all(self.database.url, tuple(self._registration(home) for home in range(HOMES)))
        for process in (self.alarm, self.bulk):
            process.environment["VAKA_DATABASE_URL"] = self.database.url
            process.start()
        for edge, process in enumerate(self.edges):
            self._configure(edge)
            process.start()

    def stop(self) -> None:
        """Everything that was started, in order."""
        for process in (*self.edges, self.bulk, self.alarm):
            process.stop()
        self.broker.stop()
        self.database.stop()

    def of(self, kill: PlannedKill) -> Process | PrivateBroker | PrivateDatabase:
        """The process that a kill is about."""
        if kill.role is Role.EDGE:
            return self.edges[kill.edge]
        return {
            Role.BROKER: self.broker,
            Role.ALARM: self.alarm,
            Role.BULK: self.bulk,
            Role.DATABASE: self.database,
        }[kill.role]

    def wipe_broker(self) -> None:
        """The broker's disk is gone (it is down while this happens)."""
        wipe(self.broker.data)

    def back_up(self) -> None:
        """A cold copy of the whole cluster."""
        self.database.stop()
        shutil.copytree(self.database.data / "cluster", self.folder / "backup")
        self.database.start()

    def restore(self) -> None:
        """The copy becomes the database: everything recorded since is forgotten by the gateway."""
        self.database.stop()
        shutil.rmtree(self.database.data / "cluster")
        shutil.copytree(self.folder / "backup", self.database.data / "cluster")
        self.database.start()

    def _line(self, edge: int, ledger: Ledger) -> Line:
        devices = [
            CountedDevice(device, pace=self.plan.seconds / max(device.facts, 1))
            for device in self.plan.devices
            if device.edge == edge and device.facts
        ]
        return Line(self.folder / f"tty-{edge:02}", devices, ledger.accept)

    def _processes(self) -> tuple[Process, Process, list[Process]]:
        key = self.folder / "gateway.key"
        key.write_text(GATEWAY_KEY.hex())
        key.chmod(0o600)
        environment = {
            "VAKA_BROKER_URL": self.broker.url,
            "VAKA_PORT": str(new_port()),
            "VAKA_DATA": str(self.folder),
            "VAKA_GATEWAY_KEY_FILE": str(key),
        }
        alarm, bulk = (
            Process([sys.executable, "-m", "gateway", role], self.folder / f"gateway-{role}.log", dict(environment))
            for role in ("alarm", "bulk")
        )
        edges = [
            Process(
                [sys.executable, "-m", "edge", str(self.folder / f"edge-{edge:02}.json")],
                self.folder / f"edge-{edge:02}.log",
            )
            for edge in range(EDGES)
        ]
        return alarm, bulk, edges

    def _configure(self, edge: int) -> None:
        key = self.folder / f"edge-{edge:02}.key"
        key.write_text(_edge_key(edge).hex())
        key.chmod(0o600)
        devices = [
            {
                "id": device.id,
                "home": home_name(home_of(edge)),
                "driver": "counted",
                "address": f"{device.sender:08X}",
                "capabilities": [CAPABILITIES[device.sort].value],
                "placement": "front_door" if device.sort is Sort.DOOR else "other",
                "reports_every": None,
                "secret": None,
            }
            for device in self._devices(edge)
        ]
        configuration = {
            "edge": edge_name(edge),
            "home": home_name(home_of(edge)),
            "private_key_file": str(key),
            "gateway_public_key": seal.public_key(GATEWAY_KEY).hex(),
            "broker_url": self.broker.url,
            "data_folder": str(self.folder / f"edge-{edge:02}"),
            "quota_bytes": QUOTA,
            "ble": False,
            "serial": [{"name": "line", "path": str(self.lines[edge].path), "baud": 57600, "kind": "esp3"}],
            "devices": devices,
        }
        (self.folder / f"edge-{edge:02}.json").write_text(json.dumps(configuration, indent=1))

    def _devices(self, edge: int) -> list[PlannedDevice]:
        return [device for device in self.plan.devices if device.edge == edge]

    def _registration(self, home: int) -> HomeRegistration:
        edges = [edge for edge in range(EDGES) if home_of(edge) == home]
        name = HomeId(home_name(home))
        return HomeRegistration(
            consented=(MemberKind.RESIDENT,),
            unit=UnitId("unit-fault-0"),
            unit_label="Felprov",
            home=Home(
                id=name,
                unit=UnitId("unit-fault-0"),
                shard=shard_of(name),
                label=f"Provhem {home}",
                address="Provgatan 0",
                resident="Prov Provsson",
                time_zone="UTC",
                settings=_always_night(),
            ),
            edges=tuple(Edge(EdgeId(edge_name(edge)), seal.public_key(_edge_key(edge))) for edge in edges),
            devices=tuple(
                (
                    EdgeId(edge_name(edge)),
                    Device(
                        id=DeviceId(device.id),
                        home=name,
                        driver="counted",
                        address=f"{device.sender:08X}",
                        capabilities=(CAPABILITIES[device.sort],),
                        placement=Placement.FRONT_DOOR if device.sort is Sort.DOOR else Placement.OTHER,
                    ),
                )
                for edge in edges
                for device in self._devices(edge)
            ),
            valid_from=time.time_ns() // 1000 - 3_600_000_000,
        )


def _always_night() -> dict[str, int]:
    """It is night in every home of the run, and doors may stand open for 10 s."""
    minute = int(time.time() // 60) % 1440
    return {"night_from": (minute - 120) % 1440, "night_until": (minute + 720) % 1440, "door_open_after": DOOR_SECONDS}


def _edge_key(edge: int) -> bytes:
    return bytes([edge + 1]) * 32
