"""The five kinds of error, told apart by what the caller must do.

| kind          | meaning                                | what happens everywhere                       | web |
|---------------|----------------------------------------|-----------------------------------------------|-----|
| `Malformed`   | cannot be understood                   | counted, bytes quarantined, never retried     | 422 |
| `Unknown`     | understood, no such home/device/person | quarantined or refused, never created         | 404 |
| `Refused`     | understood and not allowed             | recorded, answered with the reason, no retry  | 403 |
| `Conflict`    | already so, or no longer so            | same id, same answer; stale version, refuse   | 409 |
| `Unavailable` | the world is away                      | bounded backoff with jitter, then degrade     | 503 |

Anything else is a bug: the process ends, its supervisor restarts it and the journal replays.
No error text may hold a name, an address, a personal number, a key or payload bytes.
"""

from typing import ClassVar


class VakaError(Exception):
    """One operation that did not happen: `op` says which, `subject` on what, `hint` what to do next."""

    status: ClassVar[int] = 500

    def __init__(self, op: str, subject: str, hint: str) -> None:
        super().__init__(op, subject, hint)
        self.op = op
        self.subject = subject
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.op}: {self.subject}: {self.hint}"


class Malformed(VakaError):
    """The input cannot be understood and never will be."""

    status = 422


class Unknown(VakaError):
    """The input is understood but names something that does not exist here."""

    status = 404


class Refused(VakaError):
    """The input is understood and not allowed."""

    status = 403


class Conflict(VakaError):
    """It is already so, or no longer so."""

    status = 409


class Unavailable(VakaError):
    """A part of the world is away; the same call may succeed later."""

    status = 503
