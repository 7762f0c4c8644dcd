"""Which miner gets which tasks: pure, so that equal input gives an equal plan.

Each miner gets one assignment. Tasks go, one after the other, to the miner that would finish
first, so that all finish together; one that has the program compiled begins earlier. Cheaper miners
come first where the budget does not reach for all; a greedy one gets nothing. By its score a miner
counts as dearer and slower than it says.
Prices are 10^-18 token per unit, amounts base units, times seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from suanli.base.amounts import show_price
from suanli.client.options import MAX_DURATION, MIN_DURATION
from suanli.engine import show_runtime
from suanli.protocol import BPS, Scale
from suanli.reputation import WEIGHT, MinerRecord, burden
from suanli.schedule import Pace

SLACK = 1.25
"""Of the time that a miner says it wants so much more is allowed: it may measure itself anew."""
LONGEST_QUEUE = 3_600
"""Seconds allowed at most for what a miner owes others: it may be done, and not yet paid."""
UNKNOWN_DURATION = 3_600
"""Seconds allowed where nothing is known of a miner's speed."""
CONFIRM_WITHIN, TO_CONFIRM = 60, 45
"""Seconds that a miner has by default to take a request; above what it keeps for the chain."""
COMPILED_A_SECOND = 1_000_000
"""Bytes of a module, by a miner that does not say: as measured."""
FETCHED_A_SECOND = 5_000_000
"""Bytes of a module that a miner has compiled, and may have to fetch all the same."""
COMPILING = 2
"""Times as long as compiling is thought to take, a miner has for it before it takes a request."""
DEAR = 2
"""An ask above so many times the usual price gets nothing, unless the most to pay was named."""
MOST_REASONS = 3
"""Of a miner that are told."""
OVERTURNED_WEIGHS = 5
"""As many defaults as one overturned result."""


@dataclass(frozen=True)
class Candidate:
    """An offer on the chain, with what the miner told the relay.

    `free` units; `owed` ones, to whomever; `pace` None: nothing is known of its speed; `busy`:
    seconds until it is done with what it has of this job; `runtimes`: ids of those that it runs,
    none if it is not told. `verified`: its identity is, `verified_only`: it sells to verified
    requesters only. `miner` is its address, `number` its number. `record`: what the
    chain's logs say of it, None if they are not read. `programs`: ids of those that it has
    compiled; `compile_rate`: bytes of a module that it compiles a second, 0 if it does not say.
    `public_key`: that data may be sealed to, empty if it is not told.
    """

    miner: str
    ask: int
    free: int
    valid_until: int
    pace: Pace | None = None
    owed: int = 0
    runtimes: tuple[bytes, ...] = ()
    completed: int = 0
    defaulted: int = 0
    overturned: int = 0
    verified: bool = True
    verified_only: bool = False
    busy: float = 0.0
    number: int = 0
    record: MinerRecord | None = None
    programs: Collection[bytes] = ()
    compile_rate: int = 0
    public_key: bytes = b""

    def burden(self, cost: int, weight: float) -> float:
        """How many times dearer and slower it counts, from 1 on, in a job that may cost so much: by
        its score, or, if the logs are not read, by what its counters on the chain say."""
        if self.record is not None:
            return burden(self.record.score(cost), weight)
        failed = self.defaulted + OVERTURNED_WEIGHS * self.overturned
        return 1 + (failed / (self.completed + 1) if weight else 0)


@dataclass(frozen=True)
class Need:
    """What a task needs and what is paid. `units`: of one task at most. `price`: the model's.
    `confirm_within` and `duration` None: what each miner wants. `verified_only`: by verified miners
    only; `verified`: the requester's identity is. `module`: bytes of the program, and `program` its
    id. `weight`: of scores, see `suanli.reputation.burden`. `judged`: 10^-18 token that may be at
    stake in one deal for the court to judge it now, None if it is not asked; `stake`: behind a
    unit. `sealed`: its data is to be sealed to the miner."""

    runtime: bytes
    units: int
    price: int
    floor: int
    now: int
    confirm_within: int | None = None
    slippage_bps: int = 500
    most_price: int | None = None
    duration: int | None = None
    verified_only: bool = False
    module: int = 0
    verified: bool = True
    weight: float = WEIGHT
    judged: int | None = None
    stake: int = 0
    program: bytes = b""
    sealed: bool = False

    def bid(self, candidate: Candidate) -> int:
        """Quote and slippage, rounded up, at most `most_price`."""
        quote = max(self.price, candidate.ask, self.floor)
        bid = -(-quote * (BPS + self.slippage_bps) // BPS)
        return bid if self.most_price is None else min(bid, self.most_price)

    def seconds(self, candidate: Candidate, tasks: int) -> float | None:
        """How long so many tasks take at worst; None if the miner's speed is unknown."""
        if candidate.pace is None:
            return None
        return candidate.pace.seconds(tasks * self.units, self.units)

    def duration_for(self, candidate: Candidate, tasks: int) -> int:
        """Seconds for a deal over so many tasks, of which the miner wants no more."""
        if self.duration is not None:
            return self.duration
        pace = candidate.pace
        if pace is None:
            return UNKNOWN_DURATION
        queue = max(candidate.busy, min(LONGEST_QUEUE, pace.seconds(candidate.owed, 0)))
        wanted = pace.allowed(SLACK * (queue + pace.seconds(tasks * self.units, self.units)))
        return min(MAX_DURATION, max(MIN_DURATION, ceil(wanted)))

    def confirm_within_for(self, candidate: Candidate) -> int:
        """Seconds that a miner has to take a request."""
        if self.confirm_within is not None:
            return self.confirm_within
        kept = candidate.pace.reserve if candidate.pace else 0
        first = max(self._first_use(candidate) * COMPILING, self.module / FETCHED_A_SECOND)
        return max(CONFIRM_WITHIN, kept + TO_CONFIRM) + int(first)

    def first_use(self, candidate: Candidate) -> float:
        """Seconds that it compiles before it takes tasks; none if it has some of this job."""
        return 0.0 if candidate.busy else self._first_use(candidate)

    def _first_use(self, candidate: Candidate) -> float:
        if self.program in candidate.programs:
            return 0.0
        return self.module / (candidate.compile_rate or COMPILED_A_SECOND)

    def objection(self, candidate: Candidate) -> str | None:
        """Why this miner gets nothing; None if nothing speaks against it."""
        if not self._is_run_by(candidate):
            runs = ", ".join(map(show_runtime, candidate.runtimes))
            return f"runtime: it runs {runs} only, the job is for {show_runtime(self.runtime)}"
        if self.sealed and not candidate.public_key:
            return "sealed: it tells no relay of a key that the job could be sealed to"
        if self.verified_only and not candidate.verified:
            return "not verified: the job asks for miners with a verified identity"
        if candidate.verified_only and not self.verified:
            return (
                "for verified requesters: the verifier of the terms does not call this account"
                " verified"
            )
        if candidate.valid_until < self.now + self.confirm_within_for(candidate):
            return "offer expired" if candidate.valid_until < self.now else "offer ends too soon"
        if (bid := self.bid(candidate)) < candidate.ask:
            return f"ask above bid: {show_price(candidate.ask)} against {show_price(bid)} tokens"
        if bid < self.floor:
            return f"bid {show_price(bid)} below the class's floor, {show_price(self.floor)} tokens"
        if candidate.free < self.units:
            return f"capacity: {candidate.free} units are free, a task needs {self.units}"
        if self._most_judged(candidate) < 1:
            at_stake = show_price(self.units * (bid + self.stake))
            return (
                f"court: a task puts {at_stake} tokens at stake, and it can judge"
                f" {show_price(self.judged or 0)} now (--no-court does not ask it)"
            )
        return self._time_objection(candidate)

    def _most_judged(self, candidate: Candidate) -> int:
        """How many tasks the court can judge in one deal."""
        if self.judged is None:
            return candidate.free // self.units
        return self.judged // (self.units * (self.bid(candidate) + self.stake))

    def _time_objection(self, candidate: Candidate) -> str | None:
        pace, within = candidate.pace, self.confirm_within
        if pace is None:
            return None
        if within is not None and within <= pace.reserve:
            return (
                f"too short to confirm: it keeps {pace.reserve} s for the chain, {within} s are"
                f" allowed (--confirm-within {pace.reserve + TO_CONFIRM} is enough)"
            )
        first = self.first_use(candidate) if candidate.compile_rate else 0.0
        if within is not None and within <= pace.reserve + first:
            enough = replace(self, confirm_within=None).confirm_within_for(candidate)
            return (
                f"too short to confirm: it compiles the program first, about {ceil(first)} s, and"
                f" {within} s are allowed (--confirm-within {enough} is enough)"
            )
        if self._most_in_time(candidate) < 1:
            one = candidate.busy + pace.seconds(self.units, self.units)
            return (
                f"deadline too near: with one task it wants {ceil(pace.allowed(one))} s,"
                f" {self._longest} s are allowed (--duration)"
            )
        return None

    def is_valid(self, candidate: Candidate) -> bool:
        """Whether its ask tells what such work costs, however busy it is now."""
        trusted = candidate.verified or not self.verified_only
        trusted &= self.verified or not candidate.verified_only
        return self._is_run_by(candidate) and trusted and candidate.valid_until >= self.now

    def _is_run_by(self, candidate: Candidate) -> bool:
        return not candidate.runtimes or self.runtime in candidate.runtimes

    def room(self, candidate: Candidate) -> int:
        """How many tasks it can take, by capacity, by time, and by what the court can judge."""
        most = min(candidate.free // self.units, self._most_in_time(candidate))
        return min(most, self._most_judged(candidate))

    def _most_in_time(self, candidate: Candidate) -> int:
        if candidate.pace is None:
            return candidate.free // self.units
        return candidate.pace.most(self._longest, self.units, candidate.busy)

    @property
    def _longest(self) -> int:
        """Seconds that a deal may last."""
        return MAX_DURATION if self.duration is None else self.duration


@dataclass(frozen=True)
class Assignment:
    """Tasks for one miner, by address and `number`. `lock`: what the deal holds at most; `seconds`:
    at worst, or None; `duration` and `confirm_within`: seconds for the result, and to take it;
    `first_use`: seconds that the miner is thought to compile the program before; `seal_to`: its
    public key, empty if nothing is sealed."""

    miner: str
    number: int
    tasks: tuple[int, ...]
    units: int
    bid: int
    lock: int
    seconds: float | None
    duration: int
    confirm_within: int
    first_use: float = 0.0
    seal_to: bytes = b""


@dataclass(frozen=True)
class Plan:
    """`objections`: by miner, why it got nothing. `least`: what the unplaced tasks would lock at
    the cheapest offer, or None if there is none for them. `scores`: of miners whose records are
    known, for a job of this size."""

    parts: tuple[Assignment, ...]
    unplaced: tuple[int, ...]
    objections: Mapping[str, str] = field(default_factory=dict)
    least: int | None = 0
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def lock(self) -> int:
        """The most that all parts together can cost."""
        return sum(part.lock for part in self.parts)


def plan(
    tasks: Sequence[int],
    candidates: Sequence[Candidate],
    need: Need,
    scale: Scale,
    budget: int,
    barred: Mapping[int, Mapping[str, str]] | None = None,
) -> Plan:
    """Place tasks on candidates, locking at most `budget`; `barred`: by task the miners that it
    must not go to, and why.

    As many tasks as possible are placed, on as many of the cheaper miners as the budget allows.
    """
    barred = barred or {}
    objections = {c.miner: why for c in candidates if (why := need.objection(c)) is not None}
    able = [c for c in candidates if c.miner not in objections]
    for c in able:
        shut_out = [barred.get(task, {}).get(c.miner) for task in tasks]
        if tasks and None not in shut_out:
            reasons = [text for text in dict.fromkeys(shut_out) if text is not None]
            objections[c.miner] = "; ".join(reasons[:MOST_REASONS])
    able = [c for c in able if c.miner not in objections]
    objections |= _too_dear(able, candidates, need)
    able = [c for c in able if c.miner not in objections]
    cost = scale.value_up(len(tasks) * need.units, need.price)
    burdens = {c.miner: c.burden(cost, need.weight) for c in able}
    able.sort(key=lambda c: (need.bid(c) * burdens[c.miner], need.first_use(c), c.miner))
    best: dict[str, list[int]] = {}
    for count in range(len(able), 0, -1):
        found = _place(tasks, able[:count], need, scale, budget, barred, burdens)
        if _size(found) > _size(best):
            best = found
        if _size(best) == len(tasks):
            break
    parts = tuple(_part(c, best[c.miner], need, scale) for c in able if best.get(c.miner))
    placed = {task for part in parts for task in part.tasks}
    unplaced = tuple(task for task in tasks if task not in placed)
    cheapest = min((need.bid(c) for c in able), default=None)
    least = None if cheapest is None else scale.value_up(len(unplaced) * need.units, cheapest)
    scores = {c.miner: c.record.score(cost) for c in candidates if c.record is not None}
    return Plan(parts, unplaced, objections, least, scores)


def _too_dear(
    able: Sequence[Candidate], candidates: Sequence[Candidate], need: Need
) -> dict[str, str]:
    """Who asks much more than the model and the cheapest miner: nobody else would see to it.

    The cheapest counts even while it is busy, or the dear one need only wait until it is.
    """
    asks = [c.ask for c in candidates if need.is_valid(c)]
    if need.most_price is not None or not asks:
        return {}
    usual = max(need.price, min(asks))
    return {
        c.miner: f"dear: asks {show_price(c.ask)}, the usual is {show_price(usual)} tokens"
        " (--max-price allows it)"
        for c in able
        if c.ask > DEAR * usual
    }


def _place(
    tasks: Sequence[int],
    able: Sequence[Candidate],
    need: Need,
    scale: Scale,
    budget: int,
    barred: Mapping[int, Mapping[str, str]],
    burdens: Mapping[str, float],
) -> dict[str, list[int]]:
    given: dict[str, list[int]] = {c.miner: [] for c in able}
    room = {c.miner: need.room(c) for c in able}
    left = budget
    for task in tasks:
        fit = [
            c
            for c in able
            if len(given[c.miner]) < room[c.miner]
            and c.miner not in barred.get(task, ())
            and _more(c, len(given[c.miner]), need, scale) <= left
        ]
        if not fit:
            continue
        best = min(fit, key=lambda c: _finish(c, len(given[c.miner]) + 1, need, burdens[c.miner]))
        left -= _more(best, len(given[best.miner]), need, scale)
        given[best.miner].append(task)
    return given


def _more(candidate: Candidate, tasks: int, need: Need, scale: Scale) -> int:
    """What one task more locks."""
    bid = need.bid(candidate)
    after = scale.value_up((tasks + 1) * need.units, bid)
    return after - scale.value_up(tasks * need.units, bid)


def _finish(candidate: Candidate, tasks: int, need: Need, burden_: float) -> float:
    seconds = need.seconds(candidate, tasks)
    # Nothing is known of its speed: then by the number of tasks.
    taken = float(tasks) if seconds is None else seconds
    return candidate.busy + need.first_use(candidate) + taken * burden_


def _size(given: Mapping[str, Sequence[int]]) -> int:
    return sum(map(len, given.values()))


def _part(candidate: Candidate, tasks: Sequence[int], need: Need, scale: Scale) -> Assignment:
    units, bid = len(tasks) * need.units, need.bid(candidate)
    return Assignment(
        candidate.miner,
        candidate.number,
        tuple(tasks),
        units,
        bid,
        scale.value_up(units, bid),
        need.seconds(candidate, len(tasks)),
        need.duration_for(candidate, len(tasks)),
        need.confirm_within_for(candidate),
        need.first_use(candidate),
        candidate.public_key if need.sealed else b"",
    )
