"""Debian packages fetched as files, through the host's own mirror, without root and without touching the host."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.embedded.sources import Mirror, mirrors
from homecare.errors import Unavailable

HINT: Final = "set VAKA_DATABASE_URL and VAKA_BROKER_URL to servers of your own"
SUITE: Final = "trixie"
"""Debian 13, the first release with TimescaleDB."""
APT: Final = Path("/etc/apt")
KEY_RING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FETCH_SECONDS: Final = 600
"""For the whole download, about 45 MB: ten minutes is a slow line; longer is a hung one."""
KEPT_SETTINGS: Final = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv")
"""Of the host's apt configuration: proxies, certificates and clocks, not its hooks and indexes."""

CONFIGURATION: Final = """\
Dir::Etc "{etc}/";
Dir::Etc::sourcelist "{etc}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{work}/state";
Dir::State::status "{work}/status";
Dir::Cache "{work}/cache";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
"""


def download(packages: Sequence[str], work: Path, report: Callable[[str], None]) -> list[Path]:
    """The packages' files under `work`; `Unavailable` says which step failed and what to do."""
    for tool in ("apt-get", "apt-config", "dpkg", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            raise Unavailable("fetch the servers", f"no {tool} here", HINT)
    mirror = _mirror()
    architecture = _run(["dpkg", "--print-architecture"]).strip()
    configuration = _configure(work, mirror, architecture)
    report(f"reading the package list of {SUITE} ({architecture}) from this machine's Debian mirror")
    _run(["apt-get", "-qq", "update"], APT_CONFIG=str(configuration))
    report(f"fetching {len(packages)} packages (about 45 MB, once)")
    store = work / "packages"
    store.mkdir()
    _run(["apt-get", "-qq", "download", *packages], cwd=store, APT_CONFIG=str(configuration))
    found = sorted(store.glob("*.deb"))
    if len(found) != len(packages):
        raise Unavailable("fetch the servers", f"{len(found)} of {len(packages)} packages", HINT)
    return found


def _mirror() -> Mirror:
    codename = _codename(Path("/etc/os-release").read_text(encoding="utf-8"))
    for file in _source_files():
        for mirror in mirrors(file.read_text(encoding="utf-8", errors="replace"), codename):
            return mirror
    raise Unavailable("find a Debian mirror", f"none for {codename or 'this system'} under {APT}", HINT)


def _source_files() -> Iterator[Path]:
    yield from (file for file in (APT / "sources.list",) if file.exists())
    parts = APT / "sources.list.d"
    yield from sorted((*parts.glob("*.sources"), *parts.glob("*.list")))


def _codename(os_release: str) -> str:
    values = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    return values.get("VERSION_CODENAME", "").strip('"')


def _configure(work: Path, mirror: Mirror, architecture: str) -> Path:
    etc = work / "etc"
    for folder in ("etc/apt.conf.d", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    key_ring = mirror.signed_by or (str(KEY_RING) if KEY_RING.exists() else "")
    options = f"[signed-by={key_ring}] " if key_ring else ""
    (etc / "sources.list").write_text(f"deb {options}{mirror.uri} {SUITE} main\n", encoding="utf-8")
    if not key_ring:
        (etc / "trusted.gpg.d").symlink_to(APT / "trusted.gpg.d")
    kept = [line for line in _run(["apt-config", "dump"]).splitlines() if line.startswith(KEPT_SETTINGS)]
    configuration = work / "apt.conf"
    own = CONFIGURATION.format(etc=etc, work=work, architecture=architecture)
    configuration.write_text(own + "\n".join(kept) + "\n", encoding="utf-8")
    return configuration


def _run(command: Sequence[str], *, cwd: Path | None = None, **variables: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 why: apt's tools with arguments made here
            list(command),
            capture_output=True,
            timeout=FETCH_SECONDS,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", **variables},
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(" ".join(command[:2]), f"no end within {FETCH_SECONDS} s", HINT) from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(" ".join(command[:3]), reason, f"check the network and this machine's apt sources, or {HINT}")
    return done.stdout
