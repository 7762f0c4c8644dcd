"""This machine's clock is set, or the machine sleeps: the chain's time goes on all the same."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.daemon.clock import ChainClock, TimeWatch, steady, trouble_at
from suanli.daemon.telling import DaemonTeller
from suanli.miner.daemon import Daemon

HOUR = 3_600.0


class Machine:
    """Its three clocks: `wall` is set by people, `awake` stands still while it sleeps."""

    def __init__(self) -> None:
        self.wall, self.steady, self.awake = 1_800_000_000.0, 5_000.0, 4_000.0

    def run(self, seconds: float) -> None:
        self.awake += seconds
        self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        self.wall, self.steady = self.wall + seconds, self.steady + seconds

    @property
    def alarm(self) -> TimeWatch:
        return TimeWatch(lambda: self.wall, lambda: self.steady, lambda: self.awake)


def block(time_: int, number: int = 1) -> Any:
    return SimpleNamespace(hash=number.to_bytes(32, "big"), time=time_)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 365 * 24 * HOUR])
def test_a_clock_that_is_set_moves_no_deal(machine: Machine, jump: float) -> None:
    clock = ChainClock(False, lambda: machine.wall, lambda: machine.steady)
    clock.saw(block(700))
    machine.run(5)
    machine.wall += jump
    assert clock.now() == 705
    machine.run(5)
    assert clock.now() == 710


def test_time_asleep_passes_on_the_chain_too(machine: Machine) -> None:
    """Known at once, before the chain is asked again."""
    clock = ChainClock(False, lambda: machine.wall, lambda: machine.steady)
    clock.saw(block(700))
    machine.sleep(3 * HOUR)
    assert clock.now() == 700 + 3 * HOUR
    clock.saw(block(800, 2))  # the chain stood still
    assert clock.now() == 800


def test_a_machine_says_that_it_slept_or_was_set_once(machine: Machine) -> None:
    alarm = machine.alarm
    machine.run(100)
    assert alarm.look() == ""
    machine.sleep(3 * HOUR + 600)
    assert alarm.look() == (
        "this machine slept for 3 h 10 min: what was due meanwhile may be late; it goes on from"
        " what the chain says now"
    )
    machine.run(1)
    assert alarm.look() == ""
    for jump, told in ((HOUR, "forward by 1 h"), (-2 * HOUR, "back by 2 h")):
        machine.wall += jump
        assert alarm.look() == (
            f"this machine's clock was set {told}: deals go by the chain's time, which did not move"
        )
    machine.wall += 2.0  # as it is corrected all the time
    assert alarm.look() == ""


def test_a_clock_is_wrong_by_the_relay_or_by_a_chain_that_is_not_local() -> None:
    ahead, behind = block(int(time.time() + HOUR)), block(int(time.time() - HOUR))
    assert trouble_at(ahead, 31337, 0.5) == trouble_at(behind, 31337, None) == ""
    assert "behind the chain's: set it" in trouble_at(ahead, 1, None)
    assert "the node is behind, or the clock is ahead" in trouble_at(behind, 1, 0.5)
    assert "3,600 s ahead of the relay's" in trouble_at(behind, 31337, -HOUR)


def test_steady_is_what_daemons_go_by() -> None:
    before, awake = steady(), time.monotonic()
    assert before >= awake - 0.1
    assert steady() >= before
    assert Daemon.__init__.__kwdefaults__["monotonic"] is steady


def test_what_is_noticed_is_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("suanli.test")
    teller = DaemonTeller(log, "keeper", "0xkeeper", 18, time.time, time.monotonic, False)
    teller.noticed("")
    teller.noticed("it slept")
    assert [record.getMessage() for record in caplog.records] == ["it slept"]
    assert teller.note(None, None)["troubles"] == {}
