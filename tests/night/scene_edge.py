"""09:00: the integrator brings a new edge, a driver and a sensor into a home, and the home into service."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from simulator.bluez.bus import VARIABLE
from tests.edge.kit.test_add_a_driver import pip
from tests.night.account import Account
from tests.night.new_home import BUTTON, BUTTON_KEY, CAPTURE, HOME, NewHome, register
from tests.night.stage import Stage
from tests.servers import ROOT

NAME = "ruuvi_raw_v2"
SENSOR = "CB:B8:33:4C:88:4F"
PAGE = (ROOT / "docs" / "add_a_driver.md").read_text(encoding="utf-8")


class Integrator:
    """A person with a laptop, an edge in hand and docs/add_a_driver.md."""

    def __init__(self, stage: Stage, account: Account, home: NewHome) -> None:
        self._stage = stage
        self._account = account
        self._home = home
        self._bench = stage.data / "integrator"
        self._edge: subprocess.Popen[bytes] | None = None

    def play(self) -> None:
        """The whole scene."""
        self._account.begin("09:00  the integrator: a new edge, an unknown sensor, a home in service")
        register(self._stage.database)
        self._stage.until(lambda: self._commissioning() is not None, "the new home is known")
        self._write_a_driver()
        self._enrol_and_start()
        self._nothing_without_consent()
        self._put_in_service()

    def stop(self) -> None:
        """Switch the new edge off."""
        if self._edge is not None:
            self._edge.terminate()
            self._edge.wait(20)

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _write_a_driver(self) -> None:
        self._bench.mkdir()
        shutil.copy(CAPTURE, self._bench)
        with self._account.step("begin a driver from a capture of a sensor that Vaka has never seen"):
            self._run(f"vaka-edge new-driver {NAME} {NAME}.jsonl ruuvi")
        (driver,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
        (configuration,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
        (self._bench / "ruuvi" / f"vaka_driver_{NAME}.py").write_text(driver, encoding="utf-8")
        (self._bench / "ruuvi" / f"{NAME}.yaml").write_text(configuration, encoding="utf-8")
        with self._account.step("one driver file and one firmware configuration; conformance is green"):
            self._run(
                f"{pip()} install --quiet --disable-pip-version-check --no-deps --no-build-isolation "
                f"--target {self._bench / 'site'} ./ruuvi"
            )
            self._run("vaka-edge conformance --write ruuvi/captures")
            said = self._run("vaka-edge conformance ruuvi/captures")
            assert "9 checks, 0 broken" in said, said

    def _enrol_and_start(self) -> None:
        devices = [
            {"driver": NAME, "address": SENSOR, "capabilities": ["observation"], "placement": "living_room"},
            {"driver": "bthome", "address": BUTTON, "capabilities": ["help_call"], "placement": "worn"},
        ]
        with self._account.step("a claim code, once and for 15 minutes"):
            code = self._stage.call("POST", f"homes/{HOME}/claim-codes", {"devices": devices})["code"]
        with self._account.step(
            "the edge comes in: keys of its own, its certificate, its rights at the broker", limit=10
        ):
            self._run(f"vaka-edge enrol {self._stage.tls} {code} edge --ble --secret {BUTTON}={BUTTON_KEY.hex()}")
        (edge,) = self._bench.glob("edge/edge.json")
        with self._account.step("the code is worth nothing a second time"):
            again = self._try(f"vaka-edge enrol {self._stage.tls} {code} other")
            assert again.returncode == 2, again.stdout
            assert not (self._bench / "other").exists()
        with self._account.step("the edge is connected over TLS and hears its home", limit=20):
            log = (self._bench / "edge.log").open("ab")
            environment = {**self._environment(), VARIABLE: self._home.bus_address}
            self._edge = subprocess.Popen(
                [sys.executable, "-m", "edge", str(edge)], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
            self._stage.until(lambda: b"connected" in (self._bench / "edge.log").read_bytes(), "the new edge connects")

    def _nothing_without_consent(self) -> None:
        self._home.mounted = True
        with self._account.step("without consent nothing that the sensor says is kept"):
            self._stage.until(
                lambda: self._stage.rows("SELECT 1 FROM fault WHERE kind = 'withheld'"), "what is not kept is counted"
            )
            assert not self._stage.rows("SELECT 1 FROM observation WHERE home = %s", HOME)
        with self._account.step("it is refused to put the home in service, and said what is missing"):
            refused = self._stage.ask("POST", f"homes/{HOME}/commissioning/in-service")
            assert refused.status_code == 403, refused.text
            missing = self._missing()
            assert missing == {"consent_resident", "press", "way_in"}, missing

    def _put_in_service(self) -> None:
        member = "member-demo-0004"
        with self._account.step("consent is recorded; the sensor's values are kept from now on", limit=60):
            self._stage.call("PUT", f"homes/{HOME}/members/{member}", {"kind": "resident"})
            self._stage.call("PUT", f"homes/{HOME}/members/{member}/consent", {"given": True})
            self._stage.until(
                lambda: self._stage.rows(
                    "SELECT 1 FROM observation WHERE home = %s AND quantity = 'temperature' AND value = 24.3", HOME
                ),
                "the maker's own test value stands in TimescaleDB",
            )
        with self._account.step("a press is seen end to end"):
            self._home.press()
            self._stage.until(lambda: "press" not in self._missing(), "the press is seen")
        with self._account.step("the way in is tested: the key in the key box"):
            self._stage.call("POST", f"homes/{HOME}/commissioning/way-in", {"how": "nyckel ur nyckelgömman, provad"})
        with self._account.step("the home is in service"):
            assert self._stage.call("POST", f"homes/{HOME}/commissioning/in-service")["in_service"] is True
        self._close_the_test_alarm()

    def _close_the_test_alarm(self) -> None:
        (alert,) = [one for one in self._stage.call("GET", "alerts?state=open")["alerts"] if one["home"] == HOME]
        body = {"version": alert["version"], "operator": "Ivar", "reason": "provlarm"}
        self._stage.call("POST", f"alerts/{alert['id']}/resolve", body)

    # --- means -------------------------------------------------------------------------------------------------------

    def _missing(self) -> set[str]:
        found = self._commissioning()
        return {"unknown"} if found is None else {one["what"] for one in found["missing"]}

    def _commissioning(self) -> dict[str, list[dict[str, str]]] | None:
        answer = self._stage.ask("GET", f"homes/{HOME}/commissioning")
        return answer.json() if answer.status_code == 200 else None

    def _environment(self) -> dict[str, str]:
        scripts = Path(sys.executable).parent
        return {
            **os.environ,
            "PATH": f"{scripts}:{os.environ['PATH']}",
            "PYTHONPATH": str(self._bench / "site"),
        }

    def _try(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command.split(),
            cwd=self._bench,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _run(self, command: str) -> str:
        done = self._try(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout
