"""The main road: Debian packages unpacked into a folder, started through that folder's own loader.

Debian 12 has neither TimescaleDB nor a recent broker; Debian 13 has both, built against a newer libc. So the packages
and the libraries they need, libc included, go into one folder and every program becomes a small script that starts it
with that folder's loader. The folder may be moved. Nothing outside it changes.
"""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.embedded.account import this_account
from gateway.embedded.apt import download
from homecare.errors import Unavailable

POSTGRES: Final = "17"
PLACES: Final = (f"usr/lib/postgresql/{POSTGRES}/bin", "usr/bin", "usr/sbin")
TIMESCALEDB: Final = f"usr/lib/postgresql/{POSTGRES}/lib/timescaledb.so"
PROGRAMS: Final = (
    f"usr/lib/postgresql/{POSTGRES}/bin/initdb",
    f"usr/lib/postgresql/{POSTGRES}/bin/pg_basebackup",
    f"usr/lib/postgresql/{POSTGRES}/bin/pg_dump",
    f"usr/lib/postgresql/{POSTGRES}/bin/postgres",
    f"usr/lib/postgresql/{POSTGRES}/bin/psql",
    "usr/bin/dbus-daemon",
    "usr/sbin/mosquitto",
)
"""What is started from the folder; each is wrapped. The rest of the packages' programs is left alone."""
PACKAGES: Final = (
    *(f"postgresql-{POSTGRES}", f"postgresql-client-{POSTGRES}", f"postgresql-{POSTGRES}-timescaledb"),
    *(
        "libpq5",
        "libicu76",
        "libldap2",
        "libsasl2-2",
        "libxml2",
        "libxslt1.1",
        "libpam0g",
        "libuuid1",
        "libreadline8t64",
    ),
    *("libgssapi-krb5-2", "libkrb5-3", "libkrb5support0", "libk5crypto3", "libcom-err2", "libkeyutils1"),
    *("liblz4-1", "liblzma5", "libxxhash0", "libzstd1", "zlib1g", "libtinfo6", "libselinux1", "libpcre2-8-0"),
    *("libc6", "libgcc-s1", "libstdc++6", "libssl3t64", "libaudit1", "libcap-ng0", "libcap2", "libsystemd0"),
    *("mosquitto", "libmosquitto1", "libcjson1", "libdlt2", "libwebsockets19t64", "libwrap0"),
    *("dbus-daemon", "libdbus-1-3", "libapparmor1", "libexpat1"),
)
"""The servers and the libraries that they load, from Debian's main archive; a check after unpacking proves it whole."""
LEFT_OUT: Final = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "*/bitcode/*", "*llvmjit*")
"""Not unpacked: two thirds of the size. Without LLVM the server interprets its queries, as told by `jit=off`."""
CHECK_SECONDS: Final = 30

WRAPPER: Final = """\
#!/bin/sh
# Starts the program beside this script with the libraries of this folder.
here=${{0%/*}}
exec "$here/{up}/{loader}" --argv0 "$0" --library-path "$here/{up}/{libraries}" "$here/.real/{name}" "$@"
"""


VERSION: Final = hashlib.blake2b(
    "\n".join((*PACKAGES, *PROGRAMS, *LEFT_OUT, WRAPPER)).encode(), digest_size=4
).hexdigest()
"""Of what this file makes; another table or script makes another folder."""


def fill(root: Path, scratch: Path, report: Callable[[str], None]) -> None:
    """Fetch the packages into `scratch` and unpack them into `root`; every program was started once when it returns."""
    packages = download(PACKAGES, scratch, report)
    report(f"unpacking {len(packages)} packages")
    for package in packages:
        _extract(package, root)
    _wrap(root)
    _check(root)


def _extract(package: Path, root: Path) -> None:
    leave = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    tar = ["tar", "-x", "-C", str(root), "--no-same-owner", *leave]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as source:  # noqa: S603, S607 why: apt's own tool
        done = subprocess.run(tar, stdin=source.stdout, capture_output=True, check=False)  # noqa: S603 why: as above
    if source.returncode or done.returncode:
        raise Unavailable(
            "unpack a package", package.name, done.stderr.decode(errors="replace").strip() or "is the disk full?"
        )


def _wrap(root: Path) -> None:
    """Put each program aside and a script with its name in its place; every path in the script is relative."""
    libc = next(root.glob("usr/lib/*/libc.so.6"), None)
    if libc is None:
        raise Unavailable(
            "find the C library", "libc6", "the package has another layout; report this machine's architecture"
        )
    loader = next(
        (path for path in sorted(libc.parent.glob("ld*.so.*")) if path.name.startswith(("ld-", "ld64"))), None
    )
    if loader is None:
        raise Unavailable("find the loader", str(libc.parent.name), "report this machine's architecture")
    for name in PROGRAMS:
        program = root / name
        if program.is_symlink() or not program.exists():
            raise Unavailable("find a program", name, "the package has another layout; report this machine's release")
        real = program.parent / ".real" / program.name
        real.parent.mkdir(exist_ok=True)
        program.rename(real)
        values = {
            "up": os.path.relpath(root, program.parent),
            "loader": loader.relative_to(root),
            "libraries": libc.parent.relative_to(root),
            "name": program.name,
        }
        program.write_text(WRAPPER.format(**values))
        program.chmod(0o755)


def _check(root: Path) -> None:
    """Every program must load: a library that is missing shows here and not in the middle of a night."""
    for path in PROGRAMS:
        name = Path(path).name
        question = "-h" if name == "mosquitto" else "--version"
        answer = subprocess.run(  # noqa: S603 why: a program of the folder that we unpacked
            [*this_account().prefix, str(root / path), question],
            capture_output=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
        if b"error while loading" in answer.stderr or not answer.stdout:
            raise Unavailable("start a program", name, answer.stderr.decode(errors="replace").strip() or "no answer")
