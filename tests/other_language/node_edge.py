"""The edge of docs/example_edge as a process: what it is told, what it says, and what it keeps."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers import ROOT

EXAMPLE = ROOT / "docs" / "example_edge"
RUN_SECONDS = 60.0


def node() -> str:
    """The Node that the front end is built with: the one that `make` fetched, else the machine's."""
    found = shutil.which("node", path=str(ROOT / ".venv-node" / "bin")) or shutil.which("node")
    assert found, "Node is needed; `make setup` fetches it where there is none"
    return found


def run(script: str, *words: str) -> str:
    """What a script of the example says; it must end well."""
    done = subprocess.run(
        [node(), str(EXAMPLE / script), *words], capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class NodeEdge:
    """One edge in `folder`, which `enrol.mjs` made; started and killed as often as one likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = str(self.config["edge"])
        self.device = str(self.config["devices"][0]["id"])
        self._out = folder / "out"
        self._process: subprocess.Popen[str] | None = None

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "edge.json").read_text())
        return found

    def configure(self, **changes: Any) -> None:
        (self.folder / "edge.json").write_text(json.dumps(self.config | changes))

    def start(self) -> None:
        with self._out.open("a") as out, (self.folder / "err").open("a") as err:
            follow = ["setpriv", "--pdeathsig", "KILL"]  # a run of the tests that is cut short leaves no edge behind
            command = [*follow, node(), str(EXAMPLE / "edge.mjs"), str(self.folder)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=err, text=True)

    def kill(self) -> None:
        """Without a farewell."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate(timeout=RUN_SECONDS)
        self._process = None
        assert (self.folder / "err").read_text() == ""

    def hear(self, event: dict[str, Any], **more: Any) -> None:
        """The device says something."""
        self._tell({"device": self.device, "event": event, **more})

    def answer(self, command: str, outcome: str, reason: str | None = None, *, state: str) -> None:
        """The device says what came of a command."""
        self._tell({"command": command, "outcome": outcome, "reason": reason, "state": state})

    def _tell(self, line: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def press(self) -> None:
        self.hear({"type": "help_called"})

    def measure(self, *values: float) -> None:
        for value in values:
            self.hear({"type": "observed", "quantity": "temperature", "value": value, "unit": "°C"})

    def said(self, what: str) -> list[dict[str, Any]]:
        """Everything of this kind that it ever said; a line that is half written does not count."""
        whole = self._out.read_text().rpartition("\n")[0].splitlines()
        return [line for line in map(json.loads, whole) if line["what"] == what]

    def receipted(self, stream: str) -> list[int]:
        """Through which seq, receipt by receipt, of any run."""
        return [one["durable"] for one in self.said("receipted") if one["stream"] == stream]

    def kept(self) -> Iterator[tuple[tuple[int, str, int], dict[str, Any]]]:
        """Every fact in its journal: (epoch, stream, seq) and the envelope."""
        for path in sorted((self.folder / "journal").iterdir()):
            epoch = int(path.stem.partition("-")[2], 16)
            for line in map(json.loads, path.read_text().splitlines()):
                if "envelope" in line:
                    yield (epoch, line["stream"], line["seq"]), json.loads(line["envelope"])
