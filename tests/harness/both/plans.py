"""Plans drawn from a seed: how many, who they are, what goes wrong."""

from __future__ import annotations

import random

from tests.harness.both.miner import Manner
from tests.harness.both.town import JobPlan, Plan


def drawn(seed: int) -> Plan:
    draws = random.Random(seed)
    kills = draws.choice((0.0, 0.0, 0.002, 0.02))
    depth = draws.choice((0, 0, 2, 10))
    miners = [_manner(draws, kills) for _ in range(draws.randint(1, 4))]
    if draws.random() < 0.7:
        miners.append(Manner(kills=kills / 2))
    jobs = tuple(_job(draws, kills, depth) for _ in range(draws.randint(1, 3)))
    return Plan(
        seed,
        tuple(miners),
        jobs,
        accounts=draws.randint(1, 2),
        trouble=draws.choice((0.0, 0.0, 0.05, 0.3)),
        depth=depth,
        reorganizations=draws.choice((0.01, 0.08)) if depth else 0.0,
    )


def _manner(draws: random.Random, kills: float) -> Manner:
    since = 1_000_000 + draws.randint(0, 200)
    match draws.randint(0, 7):
        case 0:
            return Manner(lies=draws.choice((0.1, 1.0)), kills=kills)
        case 1:
            return Manner(withholds=True)
        case 2:
            return Manner(swaps=True)
        case 3:
            return Manner(silent_from=since)
        case 4:
            return Manner(silent_from=since, silent_to=since + draws.randint(30, 900))
    return Manner(kills=kills / 2)


def _job(draws: random.Random, kills: float, depth: int) -> JobPlan:
    return JobPlan(
        tasks=draws.randint(1, 12),
        budget=draws.choice((5, 15, 30, 200)),
        audit=draws.choice((0.0, 0.2, 1.0)),
        hedge=draws.choice((None, True, False)),
        duration=draws.choice((None, None, 120, 600)),
        starts=draws.randint(0, 60),
        vanishes=draws.randint(1, 200) if draws.random() < 0.1 else None,
        kills=kills,
        confirmations=draws.randint(0, min(depth, 4)),
        can_post=draws.random() < 0.5,
        is_wallet=draws.random() < 0.15,
    )
