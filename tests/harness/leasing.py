"""Both cores of a lease against each other, with everything between and around them failing: a
clock that is moved by hand, a wire that loses, delays and repeats, kills before and after each
write. What is really served and really signed is counted beside them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from suanli.lease.host import core as h
from suanli.lease.rate import Rate
from suanli.lease.user import core as u

STEP, TICK = 4_000, 50
"""Milliseconds: of a step, and between two looks at a clock."""
RATE = Rate(3_000, 7_000)
DEPOSIT = 40_000
SIGNATURE = b"\1" * 65


class Killed(Exception):
    """By the test, in the middle of a step."""


@dataclass
class Side:
    """A core with its journal: `kill` says before which point of the next steps it dies."""

    saved: Any
    live: Any
    kill: Callable[[], bool] = field(default=lambda: False)
    kills: int = 0

    def step(self, step: Callable[[Any, Any], tuple[Any, list[Any]]], seen: Any) -> list[Any]:
        """The instructions, for the world to carry out one by one."""
        if self.live is None:
            return []
        after, done = step(self.live, seen)
        if self.kill():
            raise Killed
        self.saved, self.live = after, after
        return done


@dataclass
class World:
    random: random.Random
    faults: bool = True
    now: int = 1_000
    chain: int = 0
    user_speed: float = 1.0
    host_speed: float = 1.0
    served: int = 0
    """Milliseconds for which the room really ran."""
    running: bool = False
    stops: int = 0
    room: int = 0
    connected: bool = False
    closed_with: int | None = None
    gave_up: str = ""
    spent: bool = False
    signed: int = 0
    wire: list[tuple[int, str, Any]] = field(default_factory=list)
    signs: bool = True
    serves: bool = True
    worst_user: int = 0
    """Most milliseconds that were signed for and not served."""
    worst_host: int = 0
    """Most milliseconds that were served and not paid."""

    def __post_init__(self) -> None:
        channel = h.HostedChannel(b"\2" * 32, "0x" + "11" * 20, RATE, DEPOSIT, ends=10_000)
        self.host = Side(channel, channel)
        payments = u.Payments(RATE, STEP, DEPOSIT)
        self.user = Side(payments, payments)

    # Clocks

    def _host_now(self) -> int:
        return int(self.now * self.host_speed)

    def _user_now(self) -> int:
        return int(self.now * self.user_speed)

    def pass_time(self, milliseconds: int) -> None:
        for _ in range(milliseconds // TICK):
            self.now += TICK
            if self.running and self.serves:
                self.served += TICK
            self._deliver()
            self.tell_host(h.ClockTicked(self._host_now(), self.chain))
            self.tell_user(u.MomentPassed(self._user_now()))
            self._measure()

    def _measure(self) -> None:
        self.worst_user = max(self.worst_user, RATE.time_down(self.signed) - self.served)
        self.worst_host = max(self.worst_host, self.served - RATE.time_down(self.host.saved.amount))

    # Both sides

    def tell_host(self, seen: Any) -> None:
        try:
            for instruction in self.host.step(h.step, seen):
                if self.host.kill():
                    raise Killed
                self._do_host(instruction)
        except Killed:
            self.kill_host()

    def tell_user(self, seen: Any) -> None:
        try:
            for instruction in self.user.step(u.step, seen):
                if self.user.kill():
                    raise Killed
                self._do_user(instruction)
        except Killed:
            self.kill_user()

    def _do_host(self, instruction: Any) -> None:
        match instruction:
            case h.OpenRoom(number):
                self.room = number
                self._later("made", number)
            case h.FreezeRoom() | h.EndRoom():
                self.stops += 1
                self.running = False
            case h.ThawRoom():
                self.running = True
            case h.TellServed():
                self._later("served", instruction)
            case h.CloseChannel(amount, _):
                self.closed_with = amount

    def _do_user(self, instruction: Any) -> None:
        match instruction:
            case u.Pay(amount):
                if self.signs:
                    self.signed = max(self.signed, amount)
                    self._later("voucher", amount)
            case u.BudgetSpent():
                self.spent = True
            case u.LeaveMiner(why):
                self.gave_up = self.gave_up or why

    # Between them

    def connect(self) -> None:
        if self.connected or self.host.live is None or self.user.live is None:
            return
        self.connected = True
        self.tell_host(h.Attached(self._host_now()))
        if self.connected and self.host.live is not None:
            live = self.host.live
            self.tell_user(u.Met(self._user_now(), live.served, live.amount, live.rooms))

    def cut(self) -> None:
        """What is under way is lost."""
        if self.connected:
            self.connected = False
            self.wire = [one for one in self.wire if one[1] == "made"]
            self.tell_user(u.Parted(self._user_now()))

    def kill_host(self) -> None:
        self.host.kills += 1
        self.host.live, self.running, self.connected = None, False, False
        self.wire = []
        self.tell_user(u.Parted(self._user_now()))

    def kill_user(self) -> None:
        self.user.kills += 1
        self.user.live, self.connected = None, False
        self.wire = [one for one in self.wire if one[1] == "made"]

    def start_host(self) -> None:
        if self.host.live is None:
            # As the journal gives it back: what is lost with the daemon is not in it.
            self.host.live = replace(self.host.saved, since=None, room=h.RoomState.NONE, told_at=0)
            self.tell_host(h.Restarted(self._host_now()))

    def start_user(self) -> None:
        if self.user.live is None:
            # As the ledger gives it back: what is lost with the program is not in it.
            kept = self.user.saved
            self.user.live = u.Payments(
                kept.rate, kept.step, kept.budget, kept.signed, kept.used, kept.room
            )

    def _later(self, what: str, content: Any) -> None:
        if what != "made" and not self.connected:
            return
        delay = self.random.choice((0, 1, 2, 10)) * TICK if self.faults else 0
        copies = self.random.choice((1, 1, 1, 0, 2)) if self.faults and what != "made" else 1
        for _ in range(copies):
            self.wire.append((self.now + delay, what, content))

    def _deliver(self) -> None:
        due = [one for one in self.wire if one[0] <= self.now]
        self.wire = [one for one in self.wire if one[0] > self.now]
        if self.faults:
            self.random.shuffle(due)
        for _, what, content in due:
            match what:
                case "made":
                    if self.host.live is not None and content == self.room:
                        self.running = self.host.live.stage is h.HostStage.SERVING
                        self.tell_host(h.RoomMade(self._host_now(), content))
                case "voucher":
                    self.tell_host(h.VoucherCame(self._host_now(), content, SIGNATURE))
                case "served":
                    told = u.ServedTold(
                        self._user_now(), content.served, content.amount, content.room
                    )
                    self.tell_user(told)
