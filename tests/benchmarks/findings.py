"""From measurements to rows: each compares a figure with what was measured beside it, against the target."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Final

from tests.benchmarks.drain import Drained
from tests.benchmarks.intake import Measured
from tests.benchmarks.overtaking import Overtaken
from tests.benchmarks.report import Row, milliseconds, quantile, spread

BESIDE_NODE_RED: Final = 3.0
"""Times; 2 with the broker client as it is, 3 with whatever reader a measurement justifies."""
BESIDE_NAIVE: Final = 10.0
BESIDE_COPY: Final = 1 / 3
IDLE_TIMES: Final = {0.5: 5.0, 0.99: 15.0}
"""A press when idle, times the floor, at each quantile."""
BUSY_TIMES: Final = {0.5: 3.0, 0.99: 10.0}
"""A press at 80 % of the sustained rate, times idle."""
EDGE_MIB: Final = 60.0
GATEWAY_MIB: Final = 250.0
EDGE_SECONDS: Final = 2.0
GATEWAY_SECONDS: Final = 3.0
SLOWDOWN: Final = 5.0
ADVANTAGE: Final = 50.0
WORST_SECONDS: Final = 2.0

Samples = Sequence[float]


def intake(
    found: Mapping[str, Sequence[Measured]], readers: Mapping[str, Samples], *, vaka: str, node_red: str, naive: str
) -> list[Row]:
    """Sustained intake beside both peers; `readers` says what a message costs each of the broker's readers."""
    rates = {side: [one.rate for one in rounds] for side, rounds in found.items()}
    costs = {side: _costs(rounds) for side, rounds in found.items()}
    return [
        _race(rates, costs, readers, vaka=vaka, peer=peer, times=times)
        for peer, times in ((node_red, BESIDE_NODE_RED), (naive, BESIDE_NAIVE))
    ]


def _race(
    rates: Mapping[str, Samples],
    costs: Mapping[str, Mapping[str, float]],
    readers: Mapping[str, Samples],
    *,
    vaka: str,
    peer: str,
    times: float,
) -> Row:
    ratio = statistics.median(rates[vaka]) / statistics.median(rates[peer])
    return Row(
        what="sustained intake, one event a frame",
        figure=f"{spread(rates[vaka])} /s",
        beside=peer,
        beside_figure=f"{spread(rates[peer])} /s",
        ratio=ratio,
        target=f"at least {times:g} x",
        met=ratio >= times,
        samples={vaka: rates[vaka], peer: rates[peer]},
        notes={
            "us of processor a fact": {vaka: costs[vaka], peer: costs[peer]},
            "readers of the broker, us of processor a message": dict(readers),
        },
    )


def _costs(rounds: Sequence[Measured]) -> dict[str, float]:
    return {name: round(statistics.median(one.processor[name] for one in rounds), 1) for name in rounds[0].processor}


def drain(rounds: Sequence[Drained], shares: Mapping[str, float]) -> list[Row]:
    """A draining backlog beside COPY."""
    vaka = [one.measured.rate for one in rounds]
    notes = {
        "us of processor a fact": _costs([one.measured for one in rounds]),
        "shares of the bulk process": dict(shares),
    }
    rows = []
    for beside, rates in (
        ("COPY by one connection, from values", [one.written for one in rounds]),
        ("the server alone: COPY of ready-made bytes", [one.server for one in rounds]),
    ):
        ratio = statistics.median(vaka) / statistics.median(rates)
        rows.append(
            Row(
                what="backlog drain, 100 events a frame",
                figure=f"{spread(vaka)} rows/s",
                beside=beside,
                beside_figure=f"{spread(rates)} rows/s",
                ratio=ratio,
                target="at least 0.33 x",
                met=ratio >= BESIDE_COPY,
                samples={"Vaka": vaka, beside: rates},
                notes=notes,
            )
        )
    return rows


def press(idle: Samples, hops: Mapping[str, Samples]) -> list[Row]:
    """A press when idle beside the floor: the hops of one number added up."""
    floor = [sum(parts) for parts in zip(*hops.values(), strict=True)]
    notes = {f"{name}, p50 and p99 ms": [_ms(values, 0.5), _ms(values, 0.99)] for name, values in hops.items()}
    return _quantiles("press to DOM, idle", idle, beside="the floor", other=floor, times=IDLE_TIMES, notes=notes)


def busy_press(busy: Samples, idle: Samples, rate: float) -> list[Row]:
    """A press under load beside idle."""
    notes = {"facts a second beside it": round(rate)}
    what = "press to DOM, bulk at 80 %"
    return _quantiles(what, busy, beside="idle", other=idle, times=BUSY_TIMES, notes=notes)


def _quantiles(
    what: str,
    figures: Samples,
    *,
    beside: str,
    other: Samples,
    times: Mapping[float, float],
    notes: Mapping[str, object],
) -> list[Row]:
    rows = []
    for share, most in times.items():
        ratio = quantile(figures, share) / quantile(other, share)
        rows.append(
            Row(
                what=f"{what}, p{share * 100:g}",
                figure=milliseconds(figures, share),
                beside=f"{beside} ({len(figures)} presses)",
                beside_figure=milliseconds(other, share),
                ratio=ratio,
                target=f"at most {most:g} x",
                met=ratio <= most,
                samples={"seconds": figures, beside: other} if share == min(times) else {},
                notes=notes,
            )
        )
    return rows


def overtaking(found: Overtaken) -> list[Row]:
    """Alarms overtake: bulk draining, bulk stopped in mid-transaction."""
    rows = []
    for name, presses, deeds in (
        ("bulk draining at full rate", found.draining, found.deeds),
        ("bulk stopped in mid-transaction", found.stopped, found.stopped_deeds),
    ):
        slower = quantile(presses, 0.5) / quantile(found.idle, 0.5)
        sooner = statistics.median(deeds) / statistics.median(presses)
        what, figure = f"press to DOM, {name}", f"p50 {milliseconds(presses, 0.5)}"
        samples = {"presses": presses, "idle": found.idle, "through bulk": deeds}
        rows += [
            _row(
                what, figure, "idle", milliseconds(found.idle, 0.5), slower, f"at most {SLOWDOWN:g} x", samples=samples
            ),
            _row(what, figure, "the bulk lane", milliseconds(deeds, 0.5), sooner, f"at least {ADVANTAGE:g} x sooner"),
            _row(
                what,
                f"slowest {max(presses) * 1000:,.0f} ms",
                "the bound",
                "2,000 ms",
                max(presses) / WORST_SECONDS,
                "at most 1 x",
            ),
        ]
    return rows


def _row(
    what: str, figure: str, beside: str, beside_figure: str, ratio: float, target: str, samples: object = None
) -> Row:
    words = target.split()
    bound = float(words[2])
    met = ratio <= bound if words[1] == "most" else ratio >= bound
    return Row(what, figure, beside, beside_figure, ratio, target, met, samples or {})  # type: ignore[arg-type] # a mapping or nothing


def memory(edge: float, together: float, processes: Mapping[str, float], *, homes: int) -> list[Row]:
    """Resident memory; of the gateway's processes `together`, what they share counted once, and each alone."""
    return [
        _bounded("memory of an edge after its presses", edge, EDGE_MIB, "MiB", {}),
        _bounded(f"memory of the gateway's processes, {homes:,} homes", together, GATEWAY_MIB, "MiB", processes),
    ]


def restarts(edge: Samples, gateway: Samples) -> list[Row]:
    """From start to first delivered event, the median of several."""
    return [_restart("edge", edge, EDGE_SECONDS), _restart("gateway, 10,000 homes", gateway, GATEWAY_SECONDS)]


def _restart(who: str, seconds: Samples, most: float) -> Row:
    median = statistics.median(seconds)
    return Row(
        what=f"{who}: restart to first delivered event",
        figure=f"{median:.2f} ({min(seconds):.2f} to {max(seconds):.2f}) s",
        beside="the bound",
        beside_figure=f"{most:g} s",
        ratio=median / most,
        target=f"at most {most:g} s",
        met=median <= most,
        samples={"seconds": seconds},
    )


def _bounded(what: str, value: float, most: float, unit: str, notes: Mapping[str, object]) -> Row:
    target = f"at most {most:g} {unit}"
    return Row(
        what, f"{value:.0f} {unit}", "the bound", f"{most:g} {unit}", value / most, target, value <= most, notes=notes
    )


def _ms(values: Samples, share: float) -> float:
    return round(quantile(values, share) * 1000, 2)
