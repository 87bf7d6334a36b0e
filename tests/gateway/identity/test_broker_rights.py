"""What each client may say and hear, probed on a real broker: every class of topic, by every kind of client."""

import itertools
import queue
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from gateway.embedded import Binaries, PrivateBroker
from gateway.embedded.broker import EdgeListener
from gateway.model.broker_rights import PATTERNS, rights
from gateway.model.certificates import Authority, issue_server, make_authority
from homecare.clock import SystemClock
from homecare.identity import EdgeId
from homecare.topic import ROOT
from tests.gateway.identity.keys import certified
from tests.ports import new_port

MINE, OTHER, REVOKED = "edge-mine-0001", "edge-other-001", "edge-revoked-1"
PATIENCE = 30.0
"""Seconds; far above everything that is awaited."""
UP = ("alarm", "access", "record", "heartbeat", "certificate")
DOWN = ("receipt", "command", "certificate", "config")


@dataclass
class House:
    broker: PrivateBroker
    authority: Authority
    folder: Path


@pytest.fixture(scope="module")
def house(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, at = tmp_path_factory.mktemp("rights"), SystemClock().now().wall
    authority = make_authority(at)
    server = issue_server(authority, ["127.0.0.1"], at=at)
    listener = EdgeListener(
        port=new_port(),
        authority=authority.certificate,
        server_certificate=server.certificate,
        server_key=server.key,
        rights=rights([EdgeId(REVOKED)]),
    )
    broker = PrivateBroker(binaries, folder / "broker", new_port(), edges=listener)
    broker.start()
    yield House(broker, authority, folder)
    broker.stop()


class Probe:
    """A client that waits for what it is told."""

    def __init__(self, name: str, port: int, tls: ssl.SSLContext | None = None, *, keep: bool = False) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.ready: queue.Queue[str] = queue.Queue()
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            clean_session=not keep,
            protocol=MQTTv311,
            reconnect_on_failure=False,
        )
        if tls is not None:
            self.client.tls_set_context(tls)
        self.client.on_message = lambda _c, _u, message: self.heard.put((message.topic, message.payload))
        self.client.on_connect = lambda _c, _u, _f, code, _p: self.ready.put(str(code))
        self.client.on_subscribe = lambda *_: self.ready.put("subscribed")
        self.client.on_disconnect = lambda *_: self.ready.put("gone")
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.ready.get(timeout=PATIENCE) == "Success"

    def subscribe(self, name: str) -> None:
        self.client.subscribe(name, 1)
        assert self.ready.get(timeout=PATIENCE) == "subscribed"

    def publish(self, name: str, payload: bytes) -> None:
        self.client.publish(name, payload, 0)

    def settled(self) -> bool:
        """Whether the broker still speaks to us: it takes in order, and hangs up on whoever says what he may not."""
        self.client.subscribe("settled", 1)
        return self.ready.get(timeout=PATIENCE) == "subscribed"

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def edge_probe(house: House, name: str, *, client_id: str | None = None) -> Probe:
    certificate, key = certified(house.authority, name, house.folder, at=SystemClock().now().wall)
    tls = ssl.create_default_context(cadata=house.authority.certificate.decode())
    tls.load_cert_chain(certificate, key)
    assert house.broker._edges is not None
    return Probe(client_id or name, house.broker._edges.port, tls)


def topics() -> list[str]:
    named = [f"{ROOT}/7/{edge}/up/{channel}" for edge, channel in itertools.product((MINE, OTHER, REVOKED), UP)]
    named += [f"{ROOT}/7/{edge}/down/{channel}" for edge, channel in itertools.product((MINE, OTHER, REVOKED), DOWN)]
    return [*named, f"{ROOT}/7/{MINE}/up/other", f"{ROOT}/7/{MINE}/up/alarm/more", f"{ROOT}/7", "$SYS/x", "anything"]


def may_say(edge: str, name: str) -> bool:
    """Written from the rule, not from the patterns: up of itself, the five channels, unless it is revoked."""
    return edge != REVOKED and name in {f"{ROOT}/7/{edge}/up/{channel}" for channel in UP}


def may_hear(edge: str, name: str) -> bool:
    return edge != REVOKED and name in {f"{ROOT}/7/{edge}/down/{channel}" for channel in DOWN}


@pytest.mark.parametrize("edge", [MINE, OTHER, REVOKED])
def test_an_edge_is_heard_on_its_own_subtree_only(house: House, edge: str) -> None:
    gateway = Probe("gateway-listening", house.broker.port)
    gateway.subscribe("#")
    for name in topics():
        probe = edge_probe(house, edge)
        probe.publish(name, b"x")
        assert probe.settled() is may_say(edge, name), name
        probe.end()
    gateway.publish("end", b"")
    heard = []
    while (message := gateway.heard.get(timeout=PATIENCE))[0] != "end":
        heard.append(message[0])
    assert heard == [name for name in topics() if may_say(edge, name)]
    gateway.end()


@pytest.mark.parametrize("edge", [MINE, OTHER, REVOKED])
@pytest.mark.parametrize("asked", ["each", "#", f"{ROOT}/+/+/down/#", f"{ROOT}/+/{MINE}/#"])
def test_an_edge_hears_its_own_subtree_only_however_it_asks(house: House, edge: str, asked: str) -> None:
    gateway, probe = Probe("gateway-speaking", house.broker.port), edge_probe(house, edge)
    for name in topics() if asked == "each" else (asked,):
        probe.subscribe(name)
    for name in topics():
        if not name.startswith("$"):
            gateway.publish(name, b"x")
    last = f"{ROOT}/7/{edge}/down/receipt"
    gateway.publish(last, b"end")
    asked_for = [name for name in topics() if may_hear(edge, name) and (asked != f"{ROOT}/+/{MINE}/#" or edge == MINE)]
    heard = []
    if asked_for:
        while (message := probe.heard.get(timeout=PATIENCE))[1] != b"end":
            heard.append(message[0])
    else:
        with pytest.raises(queue.Empty):
            probe.heard.get(timeout=1.0)
    assert heard == asked_for
    gateway.end()
    probe.end()


def test_nobody_takes_over_another_edges_session(house: House) -> None:
    """The client id is the certificate's subject, whatever the client calls itself."""
    mine = edge_probe(house, MINE)
    mine.subscribe(f"{ROOT}/7/{MINE}/down/receipt")
    thief = edge_probe(house, OTHER, client_id=MINE)
    gateway = Probe("gateway-once", house.broker.port)
    gateway.publish(f"{ROOT}/7/{MINE}/down/receipt", b"still here")
    assert mine.heard.get(timeout=PATIENCE)[1] == b"still here"
    for probe in (mine, thief, gateway):
        probe.end()


def test_a_stranger_with_his_own_authority_is_turned_away(house: House) -> None:
    stranger = make_authority(SystemClock().now().wall)
    certificate, key = certified(stranger, MINE, house.folder, at=SystemClock().now().wall)
    tls = ssl.create_default_context(cadata=house.authority.certificate.decode())
    tls.load_cert_chain(certificate, key)
    assert house.broker._edges is not None
    with pytest.raises((ssl.SSLError, ConnectionError, queue.Empty, AssertionError)):
        Probe(MINE, house.broker._edges.port, tls)


def test_without_a_certificate_nobody_comes_in(house: House) -> None:
    tls = ssl.create_default_context(cadata=house.authority.certificate.decode())
    assert house.broker._edges is not None
    with pytest.raises((ssl.SSLError, ConnectionError, queue.Empty, AssertionError)):
        Probe(MINE, house.broker._edges.port, tls)


def test_no_pattern_is_wider_than_one_edge() -> None:
    assert all(pattern.count("%u") == 1 and "#" not in pattern for pattern in PATTERNS)


def test_what_an_edge_says_is_kept_for_a_gateway_that_is_away(house: House) -> None:
    """With settings a listener, Mosquitto 2.0 forgets the rights of a client that is away, and drops its messages."""
    away = Probe("gateway-away", house.broker.port, keep=True)
    away.subscribe(f"{ROOT}/+/+/up/alarm")
    away.end()
    probe = edge_probe(house, MINE)
    probe.client.publish(f"{ROOT}/7/{MINE}/up/alarm", b"help", 1)
    assert probe.settled()
    probe.end()
    back = Probe("gateway-away", house.broker.port, keep=True)
    assert back.heard.get(timeout=PATIENCE)[1] == b"help"
    back.end()
