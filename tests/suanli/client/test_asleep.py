"""A requester whose machine sleeps in the middle of a job: for long, as its deals go."""

from __future__ import annotations

import pytest

from suanli.client import DealEnded
from tests.suanli.client.conftest import BOB, CAROL, World, finish

LONG = 3_000
"""Seconds, longer than a deal may take; and less than announcements hold."""


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("taken", [True, False])
def test_the_job_ends_right(world: World, taken: bool, counted: bool) -> None:
    """`counted`: whether the clock that patience goes by knows. What nobody had taken by then has
    expired, and is placed again."""
    miners = [world.miner(BOB).join(), world.miner(CAROL).join()]
    for miner in miners:
        miner.takes = taken

    def wait() -> None:
        if world.waits == (4 if taken else 2):
            world.pass_time(LONG)
            world.now += LONG if counted else 0
            for miner in miners:
                miner.takes = True

    world.on_wait = wait
    client = world.client()
    run = client.submit(world.job(4), "500", duration=600)
    events = finish(run)
    again = client.run(run.id)
    assert [kept.ok for kept in again.ledger.results().values()] == [True] * 4
    assert again.ledger.live() == []
    ends = [event.how for event in events if isinstance(event, DealEnded)]
    assert ends.count("settled") == 2
    assert ("expired" in ends) is not taken
    assert again.report.cost == world.spent()
    again.close()
