"""Under which account the servers run.

PostgreSQL refuses root. An ordinary user runs it as is. Root runs it in a user namespace, where the same files belong
to an unprivileged number: nothing changes owner and a home folder of mode 700 is no obstacle. Where namespaces are
refused, root hands it to `nobody`, and then everything lies in a folder that `nobody` can reach.
"""

import functools
import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAMESPACE: Final = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
REACHABLE: Final = Path("/var/lib/vaka")
"""Where root keeps servers and data for `nobody`: root's home is closed to it."""
PROBE_SECONDS: Final = 10


@dataclass(frozen=True)
class Account:
    """What stands in front of a server's command, and who must own its data (None: whoever we are)."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def place(self, folder: Path) -> Path:
        """Where to keep what was meant for `folder`: there, or in a reachable folder of its own."""
        folder = folder.absolute()
        if self.owner is None or folder.is_relative_to(REACHABLE):
            return folder
        digest = hashlib.blake2b(os.fsencode(folder), digest_size=6).hexdigest()
        return REACHABLE / f"{folder.name}-{digest}"

    def give(self, path: Path) -> None:
        """Make the account the owner of one file or folder."""
        if self.owner is not None:
            os.chown(path, *self.owner)


def account_for(*, root: bool, namespaces: bool) -> Account:
    """The account for these two facts about the machine."""
    if not root:
        return Account()
    if namespaces:
        return Account(NAMESPACE)
    nobody = pwd.getpwnam("nobody")
    drop = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    return Account(drop, (nobody.pw_uid, nobody.pw_gid))


@functools.cache
def this_account() -> Account:
    """The account for this process, found once by trying."""
    root = os.geteuid() == 0
    return account_for(root=root, namespaces=root and _namespaces_work())


def _namespaces_work() -> bool:
    try:
        probe = subprocess.run(  # noqa: S603 why: a constant command
            [*NAMESPACE, "true"], capture_output=True, timeout=PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0
