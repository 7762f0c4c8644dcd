"""A requester's job: its core and its ledger, performed against a simulated world.

It runs as a generator that yields seconds: nothing else happens until it does, and it may be killed
wherever an instruction begins or ends.
"""

from __future__ import annotations

import hmac
import random
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suanli.base.errors import SuanliError
from suanli.client.errors import ClientError, WalletTooSmall
from suanli.client.events import JobEvent
from suanli.client.ledger import Ledger
from suanli.client.options import Options
from suanli.client.plan import Candidate, Need
from suanli.client.records import DealRecord
from suanli.client.run.core import RunChanges, RunCore, RunState, Setting, validate_state
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.loading import refresh
from suanli.client.terms import Signable
from suanli.engine import Limits, Outcome, Result
from suanli.protocol import Acceptance, Claim, Deal, Leaf, Request, Scale, State
from suanli.relay import RelayError
from suanli.schedule import Pace
from suanli.store import StoreUnavailable
from suanli.verify import ResultRefused
from tests.harness.both.chain import RUNTIME, TASK_UNITS, encoded, signature
from tests.harness.both.miner import SPEED, right_leaf

if TYPE_CHECKING:
    from tests.harness.both.town import Town

LIMITS = Limits(fuel=TASK_UNITS * 1_000_000, memory=1 << 20)
POLL, SLEEP = 2, 8
"""Seconds between rounds while something is new; after which there is one in any case."""
MOST_KILLS = 100
"""Of a job: what it waits for begins anew with each."""
Steps = Generator[int, None, Any]


class Timeout(SuanliError):
    """A transaction was not mined in time; it may be yet."""


PASSING = (RelayError, StoreUnavailable, Timeout)


class Job:
    """`gone`: its requester does nothing any more. `why`: its last run ended with this error."""

    def __init__(
        self,
        town: Town,
        account: str,
        tasks: int,
        budget: int,
        options: Options,
        *,
        kills: float = 0.0,
        confirmations: int = 0,
        can_post: bool = False,
        is_wallet: bool = False,
    ) -> None:
        self.town, self.account, self.kills = town, account, kills
        self.confirmations = confirmations
        self.random = random.Random(town.random.random())
        self.name = f"job-{town.random.getrandbits(48):012x}"
        self.digest = self.random.randbytes(32)
        self.tasks, self.gone, self.killed = tasks, False, 0
        self.why: SuanliError | OSError | None = None
        self.over, self.observed = False, 0
        self.setting = Setting(
            job=self.name,
            tasks=tasks,
            limits=LIMITS,
            scale=Scale(18),
            symbol="SUAN",
            secret=self.random.randbytes(32),
            requester=account,
            is_wallet=is_wallet,
            has_relay=True,
            can_post=can_post and not is_wallet,
            digest_of=self._digest_of,
        )
        self.ledger = Ledger(":memory:")  # type: ignore[arg-type]
        self.ledger.set_facts(budget=str(budget), options=options.to_json())
        self.unwritten: list[RunChanges] = []
        self.events: list[JobEvent] = []
        self.begun = town.chain.now
        self.start()

    def start(self) -> None:
        """From the ledger, as after a kill."""
        self.write()
        state = RunState(self.setting, 0, Options())
        refresh(state, self.ledger)
        self.core, self.over, self.why = RunCore(state), False, None
        self.steps: Steps = self._run()
        self.wakes, self.until, self.seen = self.town.chain.now, 0.0, (-1, -1)

    def write(self) -> None:
        """What the ledger was given. Nobody reads it before: so it is spared until somebody does.
        What is given is frozen."""
        for changes in self.unwritten:
            records, results = changes.records.values(), changes.results.values()
            self.ledger.save(records, results, changes.filings.values(), **changes.facts)
        self.unwritten.clear()

    def cancel(self) -> None:
        self.start()
        self._observe(o.Chosen(self._now, closing=True))

    @property
    def records(self) -> list[DealRecord]:
        return list(self.core.state.records.values())

    def second(self) -> None:
        if self.gone or self.over or self._now < self.wakes:
            return
        if self._now < self.until and self.seen == self._version():
            return
        try:
            self.wakes = self.town.chain.now + next(self.steps)
        except StopIteration:
            self.over = True
        except _Killed:
            self.killed += 1
            self.start()

    # The shell

    def _run(self) -> Steps:
        self._observe(o.Begun(self._now))
        while True:
            todo = deque(self._observe(self._look()))
            while True:
                if not todo:
                    todo.extend(self._observe(o.Continue(self._now)))
                    assert todo, "nothing is next, and it is not over"
                instruction = todo.popleft()
                match instruction:
                    case i.Wait():
                        break
                    case i.Finish():
                        return
                    case i.GiveUp(error):
                        self.why = error
                        return
                self._perhaps_die()
                try:
                    came = yield from self._perform(instruction)
                except (SuanliError, OSError) as error:
                    todo.clear()
                    passing = isinstance(error, PASSING)
                    came = o.Failed(self._now, error, str(error), str(error), passing)
                self._perhaps_die()
                if came is not None:
                    todo.extendleft(reversed(self._observe(came)))
            self.seen, self.until = self._version(), self._now + self.random.randint(POLL, SLEEP)
            yield POLL

    def _version(self) -> tuple[int, int]:
        return self.town.chain.version, self.town.relay.version

    def _observe(self, event: o.RunObservation) -> list[i.RunInstruction]:
        instructions = self.core.step(event)
        self.observed += 1
        if changes := self.core.take_changes():
            validate_state(self.core.state)
            self._perhaps_die()
            self.unwritten.append(changes)
        return instructions

    def _perhaps_die(self) -> None:
        if self.kills and self.killed < MOST_KILLS and self.random.random() < self.kills:
            raise _Killed

    def _look(self) -> o.RunObservation:
        if self.random.random() < self.town.trouble / 2:
            return o.Unreachable(self._now, "the node does not answer", "node")
        self.seen, self.market = self.town.chain.seen(self.confirmations)
        return o.RoundBegun(self._now, self.town.chain.head, self.seen)

    def _perform(self, wanted: i.RunInstruction) -> Steps:
        town = self.town
        if isinstance(wanted, i.ForRecord):
            return (yield from self._for_deal(wanted))
        match wanted:
            case i.Tell(event):
                self.events.append(event)
            case i.ReadOutputs(first):
                return o.OutputsRead(self._now, [_bad() for _ in first])
            case i.ReadOffers(purpose, options, number):
                offers = self._offers()
                return o.OffersRead(self._now, purpose, number, offers, self._need(options))
            case i.ReadTerms(placement, assignments):
                terms = Signable(1, town.chain.market.terms[1])
                epoch = town.chain.market.accounts[self.account].epoch
                return o.TermsRead(self._now, placement, assignments, terms, 0, epoch, 0)
            case i.Promise(placement, records, amount):
                town.funds[self.account].require(self.name, amount)
                made = [replace(r, signature=self._signed(self._id(r))) for r in records]
                for record in made:
                    town.requests[self._id(record)] = record.request
                    town.owners[self._id(record)] = self
                    promise = self.name, record.lock, record.request.confirm_by
                    town.funds[self.account].promises[self._id(record)] = promise
                return o.Promised(self._now, placement, made)
            case i.Deposit(amount):
                yield from self._deposit(amount)
        return None

    def _for_deal(self, wanted: Any) -> Steps:
        record, town, now = wanted.record, self.town, self._now
        id_, number = self._id(record), record.number
        match wanted:
            case i.ReadDeal():
                return self._read(record)
            case i.ReadEnd():
                return o.EndRead(now, number, self.seen, self.market.state_of(record.request))
            case i.Lodge():
                signed = record.request, record.signature
                try:
                    town.relay.post(lambda lists: lists.requests.__setitem__(id_, signed))
                except RelayError as error:
                    return o.NotLodged(now, number, error, str(error), refused=False)
                return o.Opened(now, number)
            case i.Post():
                made = record.request
                key = f"{self.account}:post:{id_.hex()}"
                yield from self._send(key, lambda market: market.post_request(self.account, made))
                return o.Opened(self._now, number)
            case i.AskRejection():
                said = self._asked(lambda lists: lists.rejections[id_])
                return o.RejectionRead(now, number, said[0] if said else None)
            case i.AskProgress():
                return o.ProgressRead(now, number, self._asked(lambda lists: lists.progress[id_]))
            case i.AskClaim(submitted=submitted):
                said = self._asked(lambda lists: lists.claims[id_])
                fits = (c for c in said or () if submitted in (None, (c.root, c.units_used)))
                return o.ClaimRead(now, number, next(fits, None), said is not None)
            case i.PostAcceptance():
                given = record.root, record.units_used, record.acceptance
                try:
                    town.relay.post(lambda lists: lists.acceptances.__setitem__(id_, given))
                except RelayError as error:
                    return o.AcceptancePosted(now, number, str(error))
                return o.AcceptancePosted(now, number, None)
            case i.Fetch(claim=claim):
                return self._fetch(record, claim)
            case i.Rerun(checked=checked, chosen=chosen):
                yield self.random.randint(0, 3)
                right = self._right(record, checked.leaves, chosen)
                return o.Reran(self._now, number, checked, chosen, right)
            case i.SignAcceptance(checked=checked, chosen=chosen):
                claim = checked.claim
                message = Acceptance(id_, claim.root, claim.units_used)
                signed = self._signed(town.chain.domain.digest(message))
                return o.AcceptanceSigned(now, number, checked, chosen, signed)
            case i.AskWallet():
                return None  # nobody listens
            case i.KeepEvidence(refused=refused):
                return o.EvidenceKept(now, number, refused, Path("evidence"))
            case i.SendAct(act=act):
                key = f"{self.account}:{act}:{id_.hex()}"
                return (yield from self._act(key, record, act))
        raise AssertionError(wanted)

    # The chain

    def _read(self, record: DealRecord) -> o.RunObservation:
        state = self.market.state_of(record.request)
        found, deal = self.market.deal_of(self._id(record)), None
        if found.miner_id:
            deal = Deal(
                found.state,
                found.miner_id,
                found.price,
                found.time,
                found.units_used,
                found.trial,
                found.due_set,
                found.root,
                found.units_due,
            )
        terms = self.town.chain.market.terms[1]
        return o.DealRead(self._now, record.number, self.seen, state, deal, terms)

    def _act(self, key: str, record: DealRecord, act: i.DealAct) -> Steps:
        made, me = record.request, self.account
        calls: dict[i.DealAct, Callable[[Any], object]] = {
            i.DealAct.CANCEL: lambda market: market.cancel_request(me, made),
            i.DealAct.ACCEPT: lambda market: market.accept_result(
                me, made, record.root, record.units_used
            ),
            i.DealAct.SETTLE: lambda market: market.settle(me, made),
            i.DealAct.DEFAULT: lambda market: market.claim_default(me, made),
        }
        new = key not in self.town.chain.done
        try:
            yield from self._send(key, calls[act])
        except _Reverted:
            return o.ActSent(self._now, record.number, act, done=False, new=False)
        return o.ActSent(self._now, record.number, act, done=True, new=new)

    def _send(self, key: str, call: Callable[[Any], object]) -> Steps:
        """Until it is mined, as the sender does it. Raises _Reverted, Timeout."""
        chain = self.town.chain
        if key in chain.done:
            return
        if not chain.holds(key):
            if chain.would(call) is not None:
                raise _Reverted
            chain.send(key, self.account, call, self.random.randint(0, 3))
        for _ in range(12):
            self._perhaps_die()
            yield 1
            if key in chain.done:
                return
            if key in chain.failed:
                raise _Reverted
        raise Timeout("not mined in time")

    def _deposit(self, amount: int) -> Steps:
        funds, chain = self.town.funds[self.account], self.town.chain
        missing = funds.require(self.name, amount)
        if missing:
            key = f"{self.account}:deposit:{next(self.town.numbers)}"
            try:
                yield from self._send(key, lambda market: market.deposit(self.account, missing))
            except _Reverted:
                raise ClientError("the deposit failed") from None
            assert chain.market.accounts[self.account].available >= 0

    # The relay and the store

    def _asked(self, ask: Callable[[Any], Any]) -> Any:
        try:
            return list(ask(self.town.relay.call()))
        except RelayError:
            return None

    def _offers(self) -> list[Candidate]:
        market, town = self.town.chain.market, self.town
        town.relay.call()
        found = []
        for miner in town.miners:
            if miner.is_silent:
                continue
            made = market.miners[miner.account]
            offer = made.offers[1]
            found.append(
                Candidate(
                    miner.account,
                    offer.ask,
                    max(0, offer.published - offer.reserved),
                    offer.valid_until,
                    pace=Pace(2, SPEED, 150, 15),
                    owed=offer.reserved,
                    runtimes=(RUNTIME,),
                    completed=made.completed,
                    defaulted=made.defaulted,
                    overturned=made.overturned,
                    number=miner.number,
                )
            )
        return found

    def _need(self, options: Options) -> Need:
        market = self.town.chain.market
        return Need(
            RUNTIME,
            TASK_UNITS,
            market.price_of(1),
            market.classes[1].floor,
            self.town.chain.now,
            options.confirm_within,
            options.slippage_bps,
            options.most_price,
            options.duration,
        )

    def _fetch(self, record: DealRecord, claim: Claim) -> o.RunObservation:
        store, now = self.town.store, self._now
        try:
            store.call()
            leaves = store.leaves[claim.leaves]
            if any(leaf.digest not in store.outputs for leaf in leaves):
                raise KeyError
        except (StoreUnavailable, KeyError):
            refused = ResultRefused("withheld", "it is not there")
            return o.NotFetched(now, record.number, claim, refused, [], progress=False)
        good = [leaf.outcome == 0 for leaf in leaves]
        return o.Fetched(now, record.number, i.Checked(claim, leaves, good))

    def _right(self, record: DealRecord, leaves: list[Leaf], chosen: list[int]) -> dict[int, Leaf]:
        right = {n: right_leaf(self.digest, n, record.tasks[n]) for n in chosen}
        return {n: leaf for n, leaf in right.items() if leaf != leaves[n]}

    # Small things

    @property
    def _now(self) -> float:
        return float(self.town.chain.now)

    def _id(self, record: DealRecord) -> bytes:
        return self.town.id_of(record.request)

    def _signed(self, digest: bytes) -> bytes:
        return encoded(signature(self.account, digest))

    def _digest_of(self, tasks: tuple[int, ...]) -> bytes:
        found = hmac.digest(self.digest, repr(tasks).encode(), "sha256")
        self.town.tasks[found], self.town.whole[found] = tasks, self.digest
        return found

    def accepted_units(self, made: Request) -> int:
        """Of a result that was submitted with an acceptance."""
        return next(r.units_used for r in self.records if r.request == made)

    def right(self, task: int, index: int) -> Leaf:
        """What a task leaves."""
        return right_leaf(self.digest, index, task)


class Funds:
    """What an account's jobs promised to miners; and its wallet."""

    def __init__(self, town: Town, account: str) -> None:
        self.town, self.account = town, account
        self.promises: dict[bytes, tuple[str, int, int]] = {}

    def require(self, job: str, amount: int) -> int:
        market, now = self.town.chain.market, self.town.chain.now
        promised = sum(
            lock
            for id_, (owner, lock, confirm_by) in self.promises.items()
            if owner != job and confirm_by >= now and market.deal_of(id_).state is State.NONE
        )
        missing = max(0, amount + promised - market.accounts[self.account].available)
        if market.wallets[self.account] < missing:
            raise WalletTooSmall("the wallet does not have it")
        return missing


class _Killed(BaseException):
    pass


class _Reverted(SuanliError):
    pass


def _bad() -> Result:
    return Result(Outcome.EXITED, 1, b"", b"", {}, 0)
