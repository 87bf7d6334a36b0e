"""Spans of time: sorted, disjoint pairs (start, end) of wall microseconds, both ends included.

A moment is a span without length.
"""

from collections.abc import Iterable
from typing import Final

Span = tuple[int, int]
Spans = tuple[Span, ...]

SPANS_MOST: Final = 32
"""Spans kept of one thing: more than an edge's 24 undrained epochs can give; beyond it the caller's policy decides."""


def union(spans: Iterable[Span], *, gap: int = 0) -> Spans:
    """The spans as one sorted list; those that touch, or lie within `gap` of each other, become one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + gap:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def add(spans: Spans, span: Span, *, gap: int = 0) -> Spans:
    """The spans with one more. The same object comes back where it adds nothing."""
    if not spans:
        return (span,)
    start, end = spans[-1]
    if start <= span[0] <= end + gap:
        return spans if span[1] <= end else (*spans[:-1], (start, span[1]))
    merged = union((*spans, span), gap=gap)
    return spans if merged == spans else merged


def overlap(one: Spans, other: Spans) -> Spans:
    """What lies in both."""
    found: list[Span] = []
    first = second = 0
    while first < len(one) and second < len(other):
        start = max(one[first][0], other[second][0])
        end = min(one[first][1], other[second][1])
        if start <= end:
            found.append((start, end))
        if one[first][1] < other[second][1]:
            first += 1
        else:
            second += 1
    return tuple(found)


def without(spans: Spans, holes: Spans) -> Spans:
    """What is left when the holes are taken out; a hole without length cuts a span in two."""
    left: list[Span] = []
    for start, end in spans:
        at = start
        for hole_start, hole_end in holes:
            if hole_end < at or hole_start > end:
                continue
            if hole_start > at:
                left.append((at, hole_start))
            at = max(at, hole_end)
        if at < end or (at == start and not _touched((start, end), holes)):
            left.append((at, end))
    return tuple(left)


def _touched(span: Span, holes: Spans) -> bool:
    return any(start <= span[1] and end >= span[0] for start, end in holes)


def clipped(spans: Spans, since: int, until: int) -> Spans:
    """What lies between two instants."""
    return tuple((max(start, since), min(end, until)) for start, end in spans if start <= until and end >= since)
