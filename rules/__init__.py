"""When to worry: pure judgements over one home. `docs/add_a_rule.md` says how to add one.

The catalogue, one line a rule. `help_call` is not in it: the alarm process judges help calls, falls and hazards alone,
from the fact itself, and everything here leaves them to it.
"""

from typing import Any, Final

from rules import device_refused, device_silent, edge_silent, inactivity, night_exit
from rules.rule import Rule

CATALOGUE: Final[tuple[Rule[Any], ...]] = (
    night_exit.RULE,  # the front door stands open at night
    inactivity.RULE,  # nobody stirred for too long, and that is proved
    device_silent.RULE,  # a device no longer speaks though it promised to
    device_refused.RULE,  # what a device says is not believed
    edge_silent.RULE,  # the home's own line is gone
)
