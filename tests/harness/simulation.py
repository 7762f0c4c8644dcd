"""All that is outside the core, simulated second by second: chain, engine, store, relay.

Faults are drawn: events come late and twice, the daemon is killed and starts from its journal,
the chain is reorganized. What the sender's journal gives is modelled by keys that work once.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field, replace
from pathlib import Path

from suanli.miner import core as m
from suanli.miner.core import (
    Act,
    ClassView,
    Core,
    CoreState,
    MarketView,
    OnChain,
    Reason,
    Sale,
    Settings,
    Work,
    validate_state,
)
from suanli.miner.journal import Journal
from suanli.protocol import Kind, Leaf, Request, ResourceClass, State, Terms
from suanli.protocol.views import Offer

MINER = "0x" + "22" * 20
REQUESTER = "0x" + "11" * 20
COURT = "0x" + "33" * 20
START = 1_000_000
RUNTIME = b"\x01" * 32
PRICE = 10**18
WINDOW = 60

SETTINGS = Settings(
    miner=MINER,
    miner_id=1,
    sales=(Sale(resource=1, capacity=1_000, ask=PRICE),),
    runtimes=(RUNTIME,),
    workers=2,
    speed=10.0,
    margin=1.2,
    reserve=15,
    patience=20,
    offer_seconds=10_000,
    court=True,
)
CLASS = ResourceClass(REQUESTER, Kind.JUDGED, False, 1, PRICE, 100, 1 << 30, 1, 1 << 28)
TERMS = Terms(REQUESTER, 100, WINDOW, False, COURT, 600, 500, 3_000, 10_000, REQUESTER, 1, 0)
OFFER = Offer(
    published=1_000,
    reserved=0,
    ask=PRICE,
    verified_only=False,
    valid_until=START + 10_000,
    capacity=1_000,
)


def changed(settings: Settings, **changes: object) -> Settings:
    """Changes of its one sale, too."""
    if "sales" in changes:
        return replace(settings, **changes)
    (sale,) = settings.sales
    of_sale = {name: changes.pop(name) for name in vars(sale) if name in changes}
    return replace(settings, sales=(replace(sale, **of_sale),), **changes)


SEEN = ClassView(PRICE, OFFER, CLASS, covered=1_000, runtimes={0: RUNTIME})


def view(**changes: object) -> MarketView:
    """Changes of its one class, too."""
    names = ("price", "offer", "resource", "covered", "runtimes", "adaptive")
    of_class = {name: changes.pop(name) for name in names if name in changes}
    usual = MarketView(
        1,
        1,
        False,
        {1: replace(SEEN, **of_class)},
        {1: TERMS},
        terms_count=3,
        funds={REQUESTER: 10**30},
    )
    return replace(usual, **changes)


def request(**changes: object) -> Request:
    usual = Request(
        requester=REQUESTER,
        miner=1,
        resource=1,
        runtime=0,
        units=100,
        max_price=2 * PRICE,
        confirm_by=START + 300,
        duration=120,
        tasks=4,
        job=b"\x07" * 32,
        terms=1,
    )
    return usual._replace(**changes)


def id_of(made: Request) -> bytes:
    return made.salt.to_bytes(32, "big")


@dataclass
class Job:
    """A task that a worker runs."""

    id: bytes
    index: int
    left: float


@dataclass
class Outside:
    """`seed` draws delays and faults; `accepts`: the share of results that requesters accept."""

    folder: Path
    seed: int
    accepts: float = 0.5
    kills: float = 0.0
    repeats: float = 0.0
    reorganizations: float = 0.0
    now: int = START
    settings: Settings = SETTINGS
    deals: dict[bytes, OnChain] = field(default_factory=dict)
    requests: dict[bytes, Request] = field(default_factory=dict)
    results: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    confirmed: dict[bytes, int] = field(default_factory=dict)
    runs: dict[tuple[bytes, int], int] = field(default_factory=dict)
    sent: dict[str, tuple[int, m.Send]] = field(default_factory=dict)
    mined: set[str] = field(default_factory=set)
    kept: dict[tuple[bytes, int], Leaf] = field(default_factory=dict)
    lines: list[m.Line] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    killed: int = 0
    left: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.journal = Journal(self.folder / f"{self.seed}-{next(_numbers)}.sqlite")
        self.journal._database.rows("PRAGMA synchronous = OFF")
        self.queue: list[Job] = []
        self.inbox: list[tuple[int, m.Observation]] = []
        self.offer = replace(OFFER, valid_until=0, published=0)
        self.earnings = 0
        self.start()

    def start(self) -> None:
        """From the journal, as after a kill: what was only in memory is gone."""
        self.core = Core(self.journal.load(self.settings))
        self.queue.clear()
        self.inbox.clear()

    @property
    def state(self) -> CoreState:
        return self.core.state

    # Driving

    def post(self, made: Request, lodged: bool = True) -> bytes:
        id_ = id_of(made)
        self.requests[id_] = made
        self.deals.setdefault(id_, OnChain(State.NONE if lodged else State.POSTED))
        return id_

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.second()

    def second(self) -> None:
        self.now += 1
        self._mine()
        self._work()
        if self.random.random() < self.kills:
            self.killed += 1
            self.start()
        if self.random.random() < self.reorganizations:
            self._reorganize()
        for id_, made in self.requests.items():
            if self.random.random() < 0.5:
                posted = self.deals[id_].state is State.POSTED
                signature = b"" if posted else b"\x01"
                self.hear(m.RequestSeen(self.now, id_, made, signature, not posted))
        self._requesters()
        due = [event for at, event in self.inbox if at <= self.now]
        self.inbox = [(at, event) for at, event in self.inbox if at > self.now]
        self.random.shuffle(due)
        for event in due:
            self.hear(replace(event, now=self.now))
            if self.random.random() < self.repeats:
                self.inbox.append((self.now + self.random.randint(1, 5), event))
        self.hear(self.read() if self.random.random() < 0.8 else m.TimePassed(self.now))

    def read(self) -> m.ChainRead:
        offer = replace(self.offer, reserved=self._reserved())
        shown = {id_: self.deals[id_] for id_ in self.core.outlook.deals() if id_ in self.deals}
        return m.ChainRead(self.now, view(offer=offer, earnings=self.earnings), shown)

    def hear(self, event: m.Observation) -> None:
        instructions = self.core.step(event)
        validate_state(self.state)
        changes = self.core.take_changes()
        self.lines += changes.lines
        self.journal.save(changes)
        for instruction in instructions:
            if self.random.random() < self.kills / 10:
                self.killed += 1
                self.start()
                return
            self.act(instruction)

    # What instructions do

    def act(self, instruction: m.Instruction) -> None:
        soon = self.now + self.random.randint(0, 2)
        match instruction:
            case m.Send():
                self._send(instruction)
            case m.Check(id=id_):
                made = self.requests[id_]
                work = Work(made.tasks, made.units // made.tasks)
                self.inbox.append((soon, m.CheckPassed(0, id_, work)))
            case m.RunTask(id=id_, index=index):
                made = self.requests[id_]
                units = made.units // made.tasks
                self.queue.append(Job(id_, index, units / self.settings.speed))
            case m.StoreTask(id=id_, leaf=Leaf(index=index)):
                assert (id_, index) in self.kept
                self.inbox.append((soon, m.TaskStored(0, id_, index)))
            case m.StoreLeaves(id=id_):
                self.inbox.append((soon, m.LeavesStored(0, id_)))
            case m.PostClaim(id=id_):
                result = instruction.result
                self.results[id_] = (int.from_bytes(result.root, "big"), result.units_used)
                self.inbox.append((soon, m.ClaimAnswered(0, id_, True)))
            case m.Alarm():
                self.alarms.append(instruction.text)
            case m.Leave():
                self.left = True

    def _send(self, send: m.Send) -> None:
        """As the sender does: a key that was sent and not refused is not sent again."""
        if send.key in self.mined and not self._stands(send):
            self.mined.discard(send.key)  # reorganized away: it is mined again
        elif send.key not in self.sent:
            refusal = self._refusal(send)
            if refusal is not None:
                self.inbox.append((self.now, m.ActRefused(0, send.subject, send.act, refusal)))
                return
            waits = self.random.randint(0, send.waits)  # for others, to go with them
            self.sent[send.key] = (self.now + waits + self.random.randint(0, 3), send)

    def _refusal(self, send: m.Send) -> Reason | None:
        if not isinstance(send, m.SendForDeal):
            return None
        deal = self.deals[send.id]
        allowed = {
            Act.CONFIRM: (State.NONE, State.POSTED),
            Act.SUBMIT_RESULT: (State.CONFIRMED,),
            Act.SUBMIT_ACCEPTED: (State.CONFIRMED,),
            Act.RELEASE: (State.CONFIRMED,),
            Act.SETTLE: (State.SUBMITTED,),
        }[send.act]
        if deal.state not in allowed:
            return Reason("taken", f"it is {deal.state.name}")
        made = self.requests[send.id]
        if send.act is Act.CONFIRM:
            if self.now > made.confirm_by:
                return Reason("expired", "too late")
            if self._reserved() + made.units > self.offer.published:
                return Reason("capacity", "full", final=False)
        if send.act is Act.SUBMIT_RESULT and self.now > deal.time:
            return Reason("market", "DeadlinePassed")
        return None

    def _stands(self, send: m.Send) -> bool:
        return not isinstance(send, m.SendForDeal) or self.deals[send.id].state not in (
            State.NONE,
            State.POSTED,
        )

    # What goes on outside

    def _mine(self) -> None:
        for key, (at, send) in list(self.sent.items()):
            if key in self.mined or at > self.now:
                continue
            if (refusal := self._refusal(send)) is not None:
                del self.sent[key]
                self.inbox.append((self.now, m.ActRefused(0, send.subject, send.act, refusal)))
                continue
            self.mined.add(key)
            self._apply(send)

    def _apply(self, send: m.Send) -> None:
        id_ = send.subject
        match send.act:
            case Act.PUBLISH:
                assert isinstance(send, m.SendPublish)
                self.offer = replace(
                    self.offer,
                    published=send.published,
                    ask=send.ask,
                    valid_until=send.valid_until,
                    verified_only=send.verified_only,
                )
            case Act.WITHDRAW_OFFER:
                self.offer = replace(self.offer, valid_until=0, published=self._reserved())
            case Act.COLLECT:
                self.earnings = 0
            case Act.CONFIRM:
                deadline = self.now + self.requests[id_].duration
                self.confirmed[id_] = self.confirmed.get(id_, 0) + 1
                self.deals[id_] = OnChain(State.CONFIRMED, True, PRICE, deadline)
            case Act.SUBMIT_RESULT:
                self.deals[id_] = OnChain(State.SUBMITTED, True, PRICE, self.now)
            case Act.SUBMIT_ACCEPTED | Act.SETTLE:
                if send.act is Act.SETTLE:
                    assert self.now > self.deals[id_].time + WINDOW, "settled in the window"
                self.deals[id_] = OnChain(State.SETTLED, True, PRICE)
                self.earnings += 1
            case Act.RELEASE:
                self.deals[id_] = OnChain(State.RELEASED, True, PRICE)

    def _reserved(self) -> int:
        live = (State.CONFIRMED, State.SUBMITTED)
        return sum(
            self.requests[id_].units for id_, deal in self.deals.items() if deal.state in live
        )

    def _work(self) -> None:
        """Each worker gets a second; tasks begin in the order in which they were handed out."""
        for _ in range(self.settings.workers):
            left = 1.0
            while left > 0 and self.queue:
                job = next((job for job in self.queue if job.left > 0), None)
                if job is None:
                    break
                used = min(left, job.left)
                job.left, left = job.left - used, left - used
                if job.left <= 1e-9:
                    self._done(job)
        self.queue = [job for job in self.queue if job.left > 1e-9]

    def _done(self, job: Job) -> None:
        job.left = 0.0
        self.runs[(job.id, job.index)] = self.runs.get((job.id, job.index), 0) + 1
        made = self.requests[job.id]
        leaf = Leaf(job.index, 0, job.id, made.units // made.tasks)
        self.kept[(job.id, job.index)] = leaf
        self.inbox.append((self.now, m.TaskDone(0, job.id, leaf)))

    def _requesters(self) -> None:
        for id_, (root, units) in self.results.items():
            if id_[-1] * 37 % 100 < 100 * self.accepts and self.random.random() < 0.3:
                event = m.AcceptanceSeen(self.now, id_, root.to_bytes(32, "big"), units, b"\x02")
                self.hear(event)

    def _reorganize(self) -> None:
        """A confirmation that is young is undone; the pool still has it."""
        for id_, deal in self.deals.items():
            key = f"confirm:0x{id_.hex()}"
            young = deal.time - self.requests[id_].duration >= self.now - 3
            if deal.state is State.CONFIRMED and young:
                self.deals[id_] = OnChain(State.NONE)
                self.confirmed[id_] -= 1
                self.mined.discard(key)
                self.sent[key] = (self.now + 1, self.sent[key][1])


_numbers = itertools.count()
