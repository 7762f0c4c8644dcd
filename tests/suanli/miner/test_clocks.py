"""A miner whose clock is wrong, and one that sleeps for hours in the middle of its deals."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from suanli.miner.core import Stage
from suanli.protocol import State
from tests.harness.bench import Bench
from tests.harness.local_chain import BOB, Controls
from tests.harness.world import World, lodged, manifest_of, settled

HOUR, DAY = 3_600, 86_400


def sleep(world: World, bench: Bench, seconds: int, counted: bool) -> None:
    """`counted`: whether this machine's steady clock knows; that of a virtual machine that was
    stopped does not. Nothing runs meanwhile."""
    chain = Controls(world.market.node)
    chain.evm_increaseTime(seconds)
    chain.mine()
    if counted:
        bench._monotonic += seconds


def stage_of(bench: Bench, id_: bytes) -> Stage | None:
    deal = bench.daemon.core.state.deals.get(id_)
    return deal.stage if deal else None


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_is_set_changes_nothing(registered: World, bench: Bench, jump: int) -> None:
    """At each stage again."""
    request, id_ = lodged(registered)
    seen: set[Stage | None] = set()
    for _ in range(60):
        if stage_of(bench, id_) not in seen:
            seen.add(stage_of(bench, id_))
            bench.wall += jump
        if Stage.OFFERED in seen and settled(registered, request, id_)():
            break
        bench.round()
    assert registered.market.state_of(request) is State.SETTLED
    assert {Stage.RUNNING, Stage.OFFERED} & seen


@pytest.mark.parametrize("counted", [True, False])
def test_after_hours_asleep_what_is_too_late_is_left_and_the_rest_goes_on(
    registered: World, bench: Bench, counted: bool
) -> None:
    market, relay = registered.market, registered.requester.relay
    submitted, id_ = lodged(registered)
    bench.until(lambda: stage_of(bench, id_) is Stage.SUBMITTED)
    offered, offered_id = lodged(registered, duration=4 * DAY)
    bench.until(lambda: stage_of(bench, offered_id) is Stage.OFFERED)
    (claim,) = relay.claims(offered_id)
    bench.executor.holds = True
    running, _ = lodged(registered)
    bench.until(lambda: bench.executor.held)
    soon = market.node.head().time + 60
    waiting, waiting_id = lodged(registered, manifest_of(3), confirm_by=soon)
    registered.requester.accept(claim)

    window = market.terms_of(1).challenge_window
    sleep(registered, bench, window + HOUR, counted)

    bench.executor.release()
    bench.until(lambda: market.state_of(submitted) is State.SETTLED)
    sleep(registered, bench, window + HOUR, counted)
    bench.until(lambda: market.state_of(offered) is State.SETTLED)
    assert market.state_of(running) is State.OVERDUE, "too late"
    assert (market.state_of(waiting), stage_of(bench, waiting_id)) == (State.NONE, None)
    assert bench.daemon.away == {}
    assert market.miner_status(BOB.address).defaulted == 0


@pytest.mark.parametrize("ahead", [DAY, -DAY])
def test_messages_are_dated_by_the_relays_clock(
    registered: World, bench: Bench, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay refuses what is dated a minute from now: whose clock is wrong sells all the same."""
    relay = registered.requester.relay
    (before,) = relay.announcements(1)
    wrong = SimpleNamespace(time=lambda: time.time() + ahead, monotonic=time.monotonic)
    monkeypatch.setattr("suanli.relay.client.time", wrong)
    bench.daemon._relay._wall = wrong.time
    bench.until(lambda: abs((bench.daemon._relay.ahead or 0) + ahead) < 5)
    bench.daemon._relay.restart()
    bench.until(lambda: relay.announcements(1)[0].issued > before.issued)
    assert "announcement" not in bench.daemon.troubles
    request, id_ = lodged(registered)
    bench.until(settled(registered, request, id_))
    way = "ahead of" if ahead > 0 else "behind"
    assert f" s {way} the relay's: set it" in bench.daemon.troubles["clock"]
