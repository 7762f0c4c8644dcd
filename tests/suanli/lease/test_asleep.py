"""Who pays for time asleep: of a miner's machine nobody, of a requester's the requester, one step
at most."""

from __future__ import annotations

import random
from typing import Any

import pytest

from suanli.lease.host import core as h
from suanli.lease.user import core as u
from tests.harness.leasing import RATE, STEP, TICK, World

HOURS = 3 * 3_600_000
"""Milliseconds."""


class Sleepy(World):
    """A side's clock stands still while its machine sleeps, as that by which sessions go does."""

    host_slept = user_slept = 0

    def _host_now(self) -> int:
        return super()._host_now() - self.host_slept

    def _user_now(self) -> int:
        return super()._user_now() - self.user_slept

    def host_sleeps(self, milliseconds: int) -> None:
        """What runs in its rooms stands still with it."""
        self.cut()
        running, self.running = self.running, False
        for _ in range(milliseconds // TICK if milliseconds < 60_000 else 1_200):
            step = TICK if milliseconds < 60_000 else milliseconds // 1_200
            self.now, self.host_slept = self.now + step, self.host_slept + step
            self.tell_user(u.MomentPassed(self._user_now()))
        self.running = running

    def user_sleeps(self, milliseconds: int) -> None:
        """The miner's room goes on as long as it is paid."""
        self.cut()
        for _ in range(2 * STEP // TICK):
            self.now, self.user_slept = self.now + TICK, self.user_slept + TICK
            if self.running:
                self.served += TICK
            self.tell_host(h.ClockTicked(self._host_now(), self.chain))
            self._measure()
        rest = milliseconds - 2 * STEP
        self.now, self.user_slept = self.now + rest, self.user_slept + rest
        self.tell_host(h.ClockTicked(self._host_now(), self.chain))


@pytest.fixture
def world() -> Sleepy:
    made = Sleepy(random.Random(0), faults=False)
    made.connect()
    made.pass_time(20_000)
    return made


def test_hours_for_which_the_miners_machine_sleeps_are_paid_by_nobody(world: Sleepy) -> None:
    before = world.signed, world.served
    world.host_sleeps(HOURS)
    assert (world.signed, world.served) == before
    world.connect()
    world.pass_time(10_000)
    assert world.gave_up == ""
    assert world.served == before[1] + 10_000
    assert world.worst_user <= STEP
    assert world.worst_host == 0


def test_hours_for_which_the_requesters_machine_sleeps_cost_a_step_at_most(world: Sleepy) -> None:
    before, served = world.signed, world.served
    world.user_sleeps(HOURS)
    assert world.signed == before
    assert not world.running, "what was paid is used up"
    assert world.served - served <= STEP
    assert world.host.saved.stage is h.HostStage.FROZEN
    world.connect()
    world.pass_time(10_000)
    assert (world.gave_up, world.running) == ("", True)
    assert RATE.time_down(world.signed) - world.served <= STEP
    assert world.worst_host <= 2 * TICK


def test_a_channel_that_ended_while_the_miner_slept_is_closed_when_it_wakes(world: Sleepy) -> None:
    paid = world.host.saved.amount
    world.host_sleeps(HOURS)
    world.chain = 10_001
    world.connect()
    world.pass_time(TICK)
    assert world.host.saved.stage is h.HostStage.CLOSING
    assert world.closed_with == paid
    assert not world.running


def test_sessions_go_by_the_clock_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither side's clock can be set by anybody."""
    from suanli.lease.host import house
    from suanli.lease.user import run

    clock: Any = type("Clock", (), {"monotonic_ns": staticmethod(lambda: 7_000_000)})
    for module, kind in ((house, house.HouseServices), (run, run.RunServices)):
        monkeypatch.setattr(module, "time", clock)
        assert kind.__dataclass_fields__["now"].default() == 7
