"""An edge comes in by a claim code, as an integrator does it: real gateway, TLS, the edge's own command."""

import asyncio
import http.client
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from edge.config import read_config
from edge.credentials import Credentials
from edge.enrolment import enrol
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.enrolment import PostgresEnrolment
from gateway.edges.enrolment import Enrolment
from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.certificates import issue_server, make_authority
from homecare.clock import SystemClock
from homecare.errors import Conflict, Malformed, Refused, Unavailable
from homecare.seal import agree_at_edge, agree_at_gateway, public_key
from tests.gateway.enrolled import GATEWAY_PRIVATE
from tests.gateway.serving import HOUSES, Serving, serve
from tests.ports import new_port

HOUSE = HOUSES[0]
SENSOR: dict[str, Any] = {
    "driver": "bthome",
    "address": "A4:C1:38:00:00:77",
    "capabilities": ["help_call"],
    "placement": "worn",
}
KEY = "231d39c1d7cc1ab1aee224cd096db932"


@pytest.fixture(scope="module")
def port() -> int:
    return new_port()


@pytest.fixture(scope="module")
def serving(
    database_server: PrivateDatabase,
    migrated_template: str,
    broker: PrivateBroker,
    port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    data = tmp_path_factory.mktemp("letting_in")
    told = {"VAKA_TLS_PORT": str(port), "VAKA_EDGES_BROKER_URL": "mqtts://127.0.0.1:8883"}
    yield from serve(database_server, migrated_template, broker, data, HOUSES[:3], **told)


def code(serving: Serving, home: str = HOUSE.home, *devices: dict[str, Any]) -> str:
    with serving.client() as client:
        answer = client.post(f"/api/v1/homes/{home}/claim-codes", json={"devices": list(devices)})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])


def bring_in(port: int, said: str, folder: Path, secrets: dict[str, str] | None = None) -> Path:
    return enrol(f"https://localhost:{port}", said, folder, secrets=secrets or {}, settings={"ble": True})


def test_a_new_edge_comes_in_with_keys_of_its_own(serving: Serving, port: int, tmp_path: Path) -> None:
    said = code(serving, HOUSE.home, SENSOR)
    path = bring_in(port, said, tmp_path / "edge", {SENSOR["address"]: KEY})
    installation = read_config(path)
    assert (installation.home, installation.broker_url, installation.ble) == (
        HOUSE.home,
        "mqtts://127.0.0.1:8883",
        True,
    )
    (device,) = installation.devices
    assert (device.driver, device.address, installation.secrets[device.id].hex()) == ("bthome", SENSOR["address"], KEY)
    assert installation.certificates is not None
    assert Credentials(installation.certificates, installation.edge).tls().get_ca_certs()
    mine = public_key(installation.private_key)
    ours = agree_at_gateway(GATEWAY_PRIVATE, mine)
    assert agree_at_edge(installation.private_key, installation.gateway_public_key) == ours
    rows = serving.rows(
        "SELECT public_key, home FROM edge JOIN edge_home ON edge = id WHERE id = %s", installation.edge
    )
    assert [(bytes(key), home) for key, home in rows] == [(mine, HOUSE.home)]  # type: ignore[call-overload] # of bytea
    assert serving.rows("SELECT id FROM device WHERE edge = %s", installation.edge) == [(device.id,)]
    for secret in (path.parent / name for name in ("edge.key", "certificate.key", "edge.json")):
        assert secret.stat().st_mode & 0o077 == 0
    assert KEY not in str(serving.rows("SELECT * FROM device")), "a device's key stays in the home"


def test_a_code_is_used_once(serving: Serving, port: int, tmp_path: Path) -> None:
    said = code(serving)
    bring_in(port, said, tmp_path / "first")
    with pytest.raises(Refused, match="new code"):
        bring_in(port, said, tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_of_many_who_bring_one_code_one_comes_in(serving: Serving, port: int, tmp_path: Path) -> None:
    said, before = code(serving), serving.rows("SELECT count(*) FROM edge")[0][0]
    gate = threading.Barrier(8)

    def one(number: int) -> bool:
        gate.wait(60)
        try:
            bring_in(port, said, tmp_path / str(number))
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 1
    assert serving.rows("SELECT count(*) FROM edge") == [(int(str(before)) + 1,)]


def test_an_old_code_is_worth_nothing(serving: Serving, port: int, tmp_path: Path) -> None:
    said = code(serving)
    with_past = "UPDATE claim_code SET made_at = now() - interval '1 hour', expires_at = now() - interval '1 minute'"
    serving.rows(f"{with_past} WHERE used_at IS NULL RETURNING digest")
    with pytest.raises(Refused):
        bring_in(port, said, tmp_path / "late")


def test_a_code_is_kept_as_a_digest_only(serving: Serving) -> None:
    said = code(serving)
    secret = "".join(said.split("-")[5:])
    assert secret not in str(serving.rows("SELECT * FROM claim_code"))
    assert secret not in serving._log.read_text()


def test_a_stranger_in_the_gateways_place_never_hears_the_secret(serving: Serving, tmp_path: Path) -> None:
    """A server with another authority: the first half of the code does not fit, and the second is not said."""
    now = SystemClock().now().wall
    theirs = make_authority(now)
    server = issue_server(theirs, ["localhost"], at=now)
    (tmp_path / "both.pem").write_bytes(server.certificate + server.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    heard: list[bytes] = []
    stranger = new_port()
    ready = threading.Event()

    def listen() -> None:
        import socket  # noqa: PLC0415 why: only this stranger needs it

        with socket.create_server(("127.0.0.1", stranger)) as listening:
            ready.set()
            connection, _ = listening.accept()
            with context.wrap_socket(connection, server_side=True) as secured:
                heard.append(secured.recv(4096))
                body = theirs.certificate
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    thread = threading.Thread(target=listen)
    thread.start()
    ready.wait(60)
    with pytest.raises(Refused, match="not the gateway that the code names"):
        bring_in(stranger, code(serving), tmp_path / "edge")
    thread.join(60)
    assert len(heard) == 1
    assert heard[0].startswith(b"GET /api/v1/authority")


def test_what_cannot_be_right_is_said_before_anything_happens(serving: Serving, port: int, tmp_path: Path) -> None:
    said = code(serving)
    with pytest.raises(Malformed):
        bring_in(port, "VAKA1-NONSENSE", tmp_path / "a")
    with pytest.raises(Malformed):
        enrol(f"http://localhost:{port}", said, tmp_path / "b", secrets={}, settings={})
    with pytest.raises(Unavailable):
        enrol("https://localhost:9", said, tmp_path / "c", secrets={}, settings={})
    bring_in(port, said, tmp_path / "d")
    with pytest.raises(Conflict):
        bring_in(port, code(serving), tmp_path / "d")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"secret":"00","public_key":"","request":""}',
        b'{"secret":"%s","public_key":"%s","request":"x"}' % (b"0" * 20, b"0" * 64),
        b'{"secret":"%s","public_key":"%s","request":"%s"}' % (b"0" * 20, b"0" * 64, b"x" * 5000),
        b"\xff" * 100,
    ],
)
def test_a_bad_request_changes_nothing(serving: Serving, port: int, body: bytes) -> None:
    before = serving.rows("SELECT count(*) FROM edge")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=60)
    connection.request("POST", "/api/v1/enrolment", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 422
    connection.close()
    assert serving.rows("SELECT count(*) FROM edge") == before


def test_an_edge_that_came_in_a_moment_ago_is_turned_away_for_good(serving: Serving, port: int, tmp_path: Path) -> None:
    """Red without the question to the store: the registry in memory learns of the edge a moment later."""
    edge = read_config(bring_in(port, code(serving, HOUSES[1].home), tmp_path / "edge")).edge
    with serving.client() as client:
        answer = client.post(f"/api/v1/edges/{edge}/revoke")
        assert answer.status_code == 204, answer.text
        assert client.post("/api/v1/edges/edge-0000000000/revoke").status_code == 404
    ((revoked, until),) = serving.rows(
        "SELECT revoked_at, valid_until FROM edge JOIN edge_home ON edge = id WHERE id = %s", edge
    )
    assert revoked is not None
    assert until is not None


def test_an_overdue_certificate_is_told_once_and_silences_nothing(serving: Serving, port: int, tmp_path: Path) -> None:
    edge = read_config(bring_in(port, code(serving, HOUSES[2].home), tmp_path / "edge")).edge
    overdue = "UPDATE certificate SET issued_at = issued_at - interval '91 days', due_at = now() - interval '1 day'"
    serving.rows(f"{overdue} WHERE edge = %s RETURNING edge", edge)

    async def look() -> None:
        connections = Connections(serving.database_url, name="test-overdue", size=1, lock_ms=1_000)
        enrolment = Enrolment(PostgresEnrolment(connections), make_authority(0), SystemClock())
        for _ in range(2):
            await enrolment.tell_of_overdue()
        await connections.close()

    asyncio.run(look())
    with serving.client() as client:
        open_now = client.get("/api/v1/alerts", params={"state": "open"}).json()["alerts"]
    (told,) = [one for one in open_now if one["condition"] == "certificate_overdue"]
    assert (told["home"], told["urgency"], told["occurrences"]) == (HOUSES[2].home, "fault", 1)
    assert told["explanation"]["edge"] == edge
    assert serving.press(HOUSES[2], 1), "an alarm from the home still becomes an alert"
