"""A scenario's own ledger: what was told, by a mark that travels inside each fact, and what became of it.

The mark is the device's own counter, which nothing on the way may change. A finding begins with `lost:`, `doubled:` or
`forged:` and names the facts, so that a red scenario says what went wrong and not only that something did.
"""

from collections import Counter
from collections.abc import Iterable

from homecare.identity import epoch_text

NAMED = 5
"""Facts named in a finding; more are counted."""


def fact_name(edge: str, epoch: int, stream: str, seq: int) -> str:
    """A fact as findings name it."""
    return f"{edge}/{epoch_text(epoch)}/{stream}/{seq}"


class Ledger:
    """Facts by their marks. Every judgement raises `AssertionError` with the finding."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def next_mark(self) -> int:
        """A mark that no fact has."""
        return len(self._names) + 1

    def note(self, mark: int, name: str) -> None:
        """A fact was told."""
        self._names[mark] = name

    @property
    def marks(self) -> frozenset[int]:
        """Everything told so far."""
        return frozenset(self._names)

    def name(self, mark: int) -> str:
        """The fact's name; the mark alone for one that nobody told."""
        return self._names.get(mark, f"a fact under the mark {mark}")

    def nothing_lost(self, found: Iterable[int], *, why: str, of: Iterable[int] | None = None) -> None:
        """Everything told (or `of` it) is among what was found."""
        self._judge("lost", sorted(set(self.marks if of is None else of) - set(found)), why)

    def nothing_doubled(self, found: Iterable[int], *, why: str) -> None:
        """Nothing was found twice."""
        self._judge("doubled", sorted(mark for mark, times in Counter(found).items() if times > 1), why)

    def nothing_forged(self, found: Iterable[int], *, why: str) -> None:
        """Nothing was found that was not told."""
        self._judge("forged", sorted(set(found) - self.marks), why)

    def agrees(self, found: Iterable[int], *, why: str) -> None:
        """All three."""
        marks = list(found)
        self.nothing_lost(marks, why=why)
        self.nothing_doubled(marks, why=why)
        self.nothing_forged(marks, why=why)

    def _judge(self, verdict: str, marks: list[int], why: str) -> None:
        named = ", ".join(self.name(mark) for mark in marks[:NAMED])
        more = f" and {len(marks) - NAMED} more" if len(marks) > NAMED else ""
        if marks:
            raise AssertionError(f"{verdict}: {named}{more}: {why}")
