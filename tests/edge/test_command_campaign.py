"""A stale, replayed, doubled or misdirected unlock never reaches the lock, whatever the line and the power do."""

from collections.abc import Iterable

import msgspec
import pytest

from edge.commands import Commands
from homecare.command import Command, Reason
from homecare.wire import Header
from tests.edge.locked_out import World

SHORT, LONG = 400, 10_000


def violations(
    seeds: Iterable[int], judge: type[Commands] = Commands, *, looks_twice: bool = True
) -> tuple[set[str], int]:
    """What went wrong, and how many moves were right."""
    found: set[str] = set()
    moves = 0
    for seed in seeds:
        world = World(seed, judge, looks_twice=looks_twice).run()
        found |= {f"{what} (seed {seed})" for what in world.violations}
        moves += len(world.moved)
    return found, moves


def test_in_short_no_unlock_reaches_the_lock_that_nobody_wants_now() -> None:
    found, moves = violations(range(SHORT))
    assert not found
    assert moves > SHORT // 2, "a campaign in which nothing moves proves nothing"


@pytest.mark.long
def test_at_length_no_unlock_reaches_the_lock_that_nobody_wants_now() -> None:
    found, moves = violations(range(SHORT, SHORT + LONG))
    assert not found
    assert moves > LONG // 2


class AnyChallenge(Commands):
    """The challenge is not compared."""

    def _stale(self, header: Header, command: Command, elapsed: int) -> Reason | None:
        return super()._stale(header, _with(command, challenge=self.challenge), elapsed)


class AnyTime(Commands):
    """Neither deadline nor challenge is compared: what a broker keeps opens the door when it comes."""

    def _stale(self, header: Header, command: Command, elapsed: int) -> Reason | None:
        return super()._stale(header, _with(command, challenge=self.challenge, not_after=elapsed), elapsed)


class AnyEdge(Commands):
    """The header's edge is not compared."""

    def _stale(self, header: Header, command: Command, elapsed: int) -> Reason | None:
        found = super()._stale(header, command, elapsed)
        return None if found is Reason.NOT_OURS else found


class AnyLife(Commands):
    """A deadline far ahead is believed."""

    def _stale(self, header: Header, command: Command, elapsed: int) -> Reason | None:
        found = super()._stale(header, command, elapsed)
        return None if found is Reason.LIFE_TOO_LONG else found


class Forgetful(AnyChallenge):
    """Ids are not remembered either: a doubled frame is another command."""

    def know(self, ids: Iterable[str]) -> None:
        pass


def _with(command: Command, **changes: object) -> Command:

    return msgspec.structs.replace(command, **changes)


@pytest.mark.parametrize(
    ("judge", "looks_twice", "seen"),
    [
        (AnyChallenge, True, "its challenge moved the bolt before"),
        (AnyTime, False, "it was asked for too long ago"),
        (AnyEdge, True, "nobody asked for it"),
        (AnyLife, False, "nobody asked for it"),
        (Forgetful, True, "it moved twice"),
        (Commands, False, "it was asked for too long ago"),
    ],
)
def test_the_campaign_sees_each_defence_that_is_missing(judge: type[Commands], looks_twice: bool, seen: str) -> None:  # noqa: FBT001 - a table's column
    found, _ = violations(range(SHORT), judge, looks_twice=looks_twice)
    assert any(what.startswith(seen) for what in found), found
