"""When to worry: pure judgements over one home.

The catalogue, one line a rule, in the order in which they judge.
"""

from rules.rule import Rule

CATALOGUE: tuple[Rule, ...] = ()
