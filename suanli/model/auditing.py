"""How often a task is run again, so that no number of lies pays: what clients draw by.

With k lies of n tasks a miner gains at most k × bid for each unit of a task's limit. If one is
found it is paid nothing, and loses the slash for one wrong result of n. docs/requesting.md and
docs/verification.md derive it.
"""

from __future__ import annotations

NEWCOMER = 1.0
"""Tasks that are run again of a deal with a miner that never completed one, beyond the share."""
TRUSTED = 8
"""Completed deals after which that is halved."""
MOST = 0.5
"""For `NEWCOMER` and break-even: not everything is computed twice, unless that is asked for."""
LEAST_SLASH = 0.5
"""Of a deal's collateral: what a court slashes for one wrong result of many."""
SLASH_FACTOR = 5
"""How many times the share of wrong results is the share slashed, beyond that."""


def chance(
    share: float,
    tasks: int,
    completed: int,
    bid: float,
    slashed: float,
) -> float:
    """The chance of each of so many `tasks` in a deal to be run again, from 0 to 1.

    `share` is what the requester wants of all tasks; 0 and 1 stay what they are. `completed`: deals
    of the miner, on the chain; `bid` and `slashed`: what a unit pays at most, and what a unit costs
    of whose deal all is wrong, both in 10^-18 token.
    """
    if share in (0, 1):
        return share
    newcomer = NEWCOMER / (1 + completed / TRUSTED) / tasks
    enough = min(MOST, break_even(tasks, bid, slashed * slash_share(tasks, 1)))
    return min(1.0, max(share + min(MOST, newcomer), enough))


def slash_share(
    tasks: int, wrong: int, least: float = LEAST_SLASH, factor: float = SLASH_FACTOR
) -> float:
    """Of the most that a court may slash, what it does for so many wrong results of `tasks`."""
    return min(1.0, max(least, factor * wrong / tasks))


def break_even(tasks: int, bid: float, slashed: float) -> float:
    """The chance at which no number of lies in a deal of so many tasks gains anything.

    `slashed`: what a unit costs if one of them is proven. With k lies a miner gains at most k × bid
    if none is found, and else loses (n − k) × bid + n × slashed. That is even, for k = n, where all
    stay unfound with slashed / (bid + slashed); for fewer lies it is then a loss, since
    (1 − y)^(k/n) is at most 1 − (k/n) y. Where nothing is slashed no chance is enough: then it is
    one task a deal.
    """
    if not slashed:
        return 1 / tasks
    return 1 - float((slashed / (bid + slashed)) ** (1 / tasks))
