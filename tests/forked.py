"""The gateway's processes, forked from one that has already imported them: a start in 0.4 s instead of 1.8.

What runs is `gateway.__main__.main` with the arguments, environment and files that a start from a shell would give it;
only the imports were made before. Starts as a user makes them are in tests/simulator/test_demo.py, tests/scenarios and
tests/faults.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.servers import ROOT

IMPORTED = [
    "gateway.__main__",
    "gateway.adapters.passkeys",
    "gateway.alarm",
    "gateway.bulk",
    "gateway.setting_up",
    "gateway.web.app",
    "gateway.web.server",
    "gateway.web.services",
    "pytest",  # a child loads what its parent was started with
    "yoyo",
]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(IMPORTED)


def start_gateway(
    words: list[str], environment: Mapping[str, str], said: Path, complained: Path | None = None
) -> ForkServerProcess:
    """`vaka-gateway WORDS`, started; what it says is added to `said`, its errors too where no other file is named."""
    kept = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)  # the first start imports this tree, whatever is installed
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop("PYTHONPATH")
        if kept is not None:
            os.environ["PYTHONPATH"] = kept
    process = _context.Process(target=_run, args=(words, dict(environment), said, complained or said), daemon=True)
    process.start()
    return process


def _run(words: list[str], environment: dict[str, str], said: Path, complained: Path) -> None:
    from gateway import __main__ as gateway  # noqa: PLC0415 why: imported long before, in the process that forks

    assert Path(gateway.__file__).is_relative_to(ROOT), "another tree was imported"
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in ((said, sys.stdout), (complained, sys.stderr)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = ["vaka-gateway", *words]
    gateway.main()
