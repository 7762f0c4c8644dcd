"""What happens in the month. All of it is drawn from a seed; nothing here waits for long."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.month.clock import DAY
from benchmarks.month.town import LIAR, PEOPLE, MonthTown
from benchmarks.streams import Stream, Work
from suanli.deployment import TOKEN
from suanli.devnet import Child

STEADY, BURSTS, KEEPER = PEOPLE
TIMES = ("--confirm-within", "43200", "--duration", "43200", "--patience", "120")
"""Half a day is a minute of the machine's."""
OPTIONS = (*TIMES, "--no-hedge", "--reputation", "0")
WORK = Work((3, 8), (60, 200), ("--audit", "0.2", *OPTIONS))
DISPUTED = Work((40, 40), (60, 100), ("--audit", "1", *OPTIONS))
"""Deals with so many tasks that the liar lies about one, and it is found."""
JOB_EVERY = 1 / 6
"""Of a day, from the beginning of a job on."""
ASKS = ("0.012", "0.016", "0.02", "0.026", "0.034")
AWAY_ON, AWAY_FOR = 3, 1.6
"""Days: once, the liar is off for longer than its offers hold."""
UNBOND_EVERY = 9
"""Days; the delay is seven."""
LAST_DISPUTE = 2.5
"""Days before the end, in a month of several."""
TO_END = 20.0
"""Seconds of the machine's in which a daemon that is told to end must."""


@dataclass
class Restart:
    """`ended`: since when it is down; `until`: the day on which it comes back."""

    child: Child
    killed: bool
    told: float
    until: float = 0.0
    ended: bool = False


@dataclass
class Life:
    town: MonthTown
    streams: dict[str, Stream]
    rng: random.Random
    tell: Callable[[str], None]
    days: float
    began: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    down: dict[str, Restart] = field(default_factory=dict)
    errands: list[Child] = field(default_factory=list)
    unbonded: int = 0
    withdrawn: int = 0
    _next_job: float = 0.0
    _look_at: float = 0.0
    _burst_until: float = 0.0

    def begin(self) -> None:
        self.began = self.town.clock.now()
        self._plan = sorted(self._planned(), key=lambda item: item[0])

    @property
    def day(self) -> float:
        return (self.town.clock.now() - self.began) / DAY

    def step(self, goes_on: bool = True) -> None:
        """Do what is due. Without `goes_on` only what is under way comes to its end."""
        while goes_on and self._plan and self._plan[0][0] <= self.day:
            _, what, act = self._plan.pop(0)
            act()
            self.counts[what] += 1
        self._bring_back(goes_on)
        self._look_for_deaths()
        self._run_jobs(goes_on)
        self._end_errands()
        self._withdraw_stake()

    @property
    def idle(self) -> bool:
        return not (self.down or self.errands) and all(s.idle for s in self.streams.values())

    def _planned(self) -> Iterator[tuple[float, str, Callable[[], None]]]:
        whole = int(self.days) + 1
        for day in range(whole):
            killed = bool(day % 2)
            for at, name in ((0.6, LIAR), (0.4, "juror-1"), (0.2, "relay")):
                away = name == LIAR and day == AWAY_ON and self.days > AWAY_ON + 2
                how = "killed" if killed else "told to end"
                stop = lambda n=name, k=killed, a=away: self._take_down(n, k, a)  # noqa: E731
                yield day + at, f"{name} {how}", stop
            if day % 3 == 0:
                yield day + 0.3, "burst of demand", self._burst
            if day % UNBOND_EVERY == 0:
                yield day + 0.1, "stake unbonding", self._unbond
            if day % 3 == 1:
                yield day + 0.5, "market prune", self._prune
            if day % 10 == 9:
                yield day + 0.9, "advance-epoch", self._advance_epoch
            if day % 2 == 0 and (day == 0 or day < self.days - LAST_DISPUTE):
                yield day + 0.02, "lie planned", self._dispute

    # Daemons

    def _take_down(self, name: str, killed: bool, away: bool) -> None:
        if name in self.down:
            return
        child = self.town.children[name]
        if killed:
            child.kill()
        else:
            child.process.send_signal(signal.SIGTERM)
        until = self.day + (AWAY_FOR if away else 0.01)
        self.down[name] = Restart(child, killed, time.monotonic(), until)

    def _bring_back(self, goes_on: bool) -> None:
        for name, restart in list(self.down.items()):
            if restart.child.running:
                if time.monotonic() > restart.told + TO_END:
                    self.wrongs.append(f"{name} did not end within {TO_END:.0f} s")
                    restart.child.kill()
                continue
            code = restart.child.process.returncode
            if not restart.ended and not restart.killed and code:
                self.wrongs.append(f"{name} ended with exit code {code} when it was told to end")
            restart.ended = True
            if self.day >= restart.until or not goes_on:
                del self.down[name]
                if name == LIAR:
                    self.town.set_ask(name, self.rng.choice(ASKS))
                    self.counts["change of an ask"] += 1
                self.town.restart(name)

    def _look_for_deaths(self) -> None:
        """Nothing may end by itself."""
        for child in self.town.ended_since():
            restart = self.down.get(child.name)
            if restart is None or restart.child is not child:
                last = child.said().strip().rpartition("\n")[2]
                self.wrongs.append(f"{child.name} ended by itself: {last}")
                self.tell(self.wrongs[-1])
                self.town.restart(child.name)

    # Jobs

    def _run_jobs(self, goes_on: bool) -> None:
        steady, bursts = self.streams[STEADY], self.streams[BURSTS]
        due = goes_on and self.day >= self._next_job
        if due and steady.child is None and steady.idle:
            self._next_job = self.day + JOB_EVERY * self.rng.uniform(0.7, 1.3)
            self.counts["job"] += 1
        else:
            due = False
        steady.step(due)
        planned = bursts.next is not None
        disputes = planned and LIAR not in self.down
        bursts.step(goes_on and (disputes or self.day < self._burst_until))
        self.counts["job with a lie"] += planned and bursts.next is None

    def _burst(self) -> None:
        self._burst_until = self.day + 0.3

    def _dispute(self) -> None:
        self.streams[BURSTS].next = DISPUTED

    # What people do now and then

    def _unbond(self) -> None:
        miner = self.town.keys.find("miner-2").address
        amount = TOKEN * self.rng.randint(100, 1_000)
        self.town.sender("miner-2").execute(self.town.market.start_unbonding(miner, amount))
        self.unbonded += amount

    def _withdraw_stake(self) -> None:
        if self.withdrawn == self.unbonded or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + 1
        market, miner = self.town.market, self.town.keys.find("miner-2").address
        account = market.miner_account(miner)
        if account is not None and account.unbonding_ends < self.town.node.head().time:
            self.town.sender("miner-2").execute(market.withdraw_stake(miner))
            self.withdrawn = self.unbonded
            self.counts["stake withdrawn"] += 1

    def _prune(self) -> None:
        self.errands.append(self.town.suanli("prune", "market", "prune", account=KEEPER))

    def _advance_epoch(self) -> None:
        command = ("market", "advance-epoch", "--yes")
        self.errands.append(self.town.suanli("advance-epoch", *command, account=KEEPER))

    def _end_errands(self) -> None:
        for child in [child for child in self.errands if not child.running]:
            self.errands.remove(child)
            said = child.said().strip().rpartition("\n")[2]
            if child.process.returncode:
                self.wrongs.append(f"suanli {child.name} failed: {said}")
            self.tell(f"{child.name}: {said}")
