"""A miner: its core and its journal, with all that is outside of it simulated second by second."""

from __future__ import annotations

import hashlib
import random
from copy import copy
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from suanli.miner import core as m
from suanli.miner.journal import Journal
from suanli.protocol import Claim, Leaf, Offer, Progress, Rejection, State, encode_leaves
from suanli.relay import RelayUnreachable
from suanli.store import StoreUnavailable
from tests.harness.both.chain import RUNTIME, TASK_UNITS, TOKEN, decoded

if TYPE_CHECKING:
    from tests.harness.both.town import Town

OPEN = (State.NONE, State.POSTED)
SPEED = 2.0
"""Units a second."""
SLEEP, REST = 5, 30
"""Seconds after which a miner looks though nothing is new: with deals, and without."""
TELL = 10
"""Seconds after which it says again how far it is."""


@dataclass(frozen=True)
class Manner:
    """`lies`: chance that a task's leaf is made up; `withholds`: it shows no data; `silent_from`:
    the second from which it does nothing any more, to `silent_to`; `swaps`: submits another root
    than it claimed; `busy`: the chance that it refuses."""

    lies: float = 0.0
    withholds: bool = False
    silent_from: int = 1 << 60
    silent_to: int = 1 << 60
    swaps: bool = False
    kills: float = 0.0

    @property
    def honest(self) -> bool:
        """Whether it is to be paid for whatever it finishes."""
        return not (self.lies or self.withholds or self.swaps) and self.silent_from == 1 << 60


def right_leaf(job: bytes, index: int, task: int) -> Leaf:
    """What a task leaves, by the job's whole number of it."""
    digest = hashlib.sha256(b"%d of %d" % (task, int.from_bytes(job[:4]))).digest()
    return Leaf(index, 0 if task % 7 else 1, digest, 1 + task % TASK_UNITS)


class Miner:
    def __init__(self, town: Town, account: str, manner: Manner, ask: int = TOKEN) -> None:
        self.town, self.account, self.manner = town, account, manner
        self.random = random.Random(town.random.random())
        self.ask, self.killed, self.promised = ask, 0, set[bytes]()
        self.number = self._join()
        self.settings = m.Settings(
            miner=account,
            miner_id=self.number,
            sales=(m.Sale(resource=1, capacity=400, ask=ask),),
            runtimes=(RUNTIME,),
            workers=2,
            speed=SPEED,
            patience=1 if manner.swaps else 30,
        )
        self.journal = Journal(":memory:")  # type: ignore[arg-type]
        self.finished: dict[bytes, int] = {}
        """By deal, when its work was done."""
        self.alarms: list[str] = []
        self.unwritten: list[m.Changes] = []
        self.start()

    def _join(self) -> int:
        market, stake = self.town.chain.market, 400 * TOKEN
        market.wallets[self.account] += stake
        market.deposit(self.account, stake)
        number = market.register_miner(self.account, self.account)
        market.add_stake(self.account, self.account, stake)
        market.register_resource(self.account, 1, 400)
        market.publish_offer(self.account, 1, 400, self.ask, market.time + 80_000)
        return number

    def start(self) -> None:
        """From the journal, as after a kill: what was only in memory is gone."""
        self.write()
        self.core = m.Core(self.journal.load(self.settings))
        self.free_at = [float(self.town.chain.now)] * self.settings.workers
        self.told: dict[bytes, tuple[int, int]] = {}
        """By deal, how many tasks it said were done, and when."""
        self.inbox: list[tuple[int, m.Observation]] = []
        self.kept: dict[tuple[bytes, int], Leaf] = {
            (id_, index): leaf
            for id_, deal in self.core.state.deals.items()
            for index, leaf in deal.leaves.items()
        }
        self.sending: dict[str, m.Send] = {}
        self.retries: list[m.Instruction] = []
        self.wakes, self.seen = 0, (-1, -1)

    def write(self) -> None:
        """What the journal was given, now that somebody reads it."""
        for changes in self.unwritten:
            self.journal.save(changes)
        self.unwritten.clear()

    @property
    def is_silent(self) -> bool:
        return self.manner.silent_from <= self.town.chain.now < self.manner.silent_to

    # Driving

    def second(self) -> None:
        if self.is_silent or not self._is_awake():
            return
        if self.random.random() < self.manner.kills:
            self._die()
        now = self.town.chain.now
        is_new, self.seen = self.seen[0] != self.town.chain.version, self._version()
        self.wakes = now + (SLEEP if self.core.outlook.watch().eager else REST)
        again, self.retries = self.retries, []
        for instruction in again:
            self._act(instruction)
        self._look_at_sent()
        self._look_at_confirmed()
        self._look_at_requests()
        due = [event for at, event in self.inbox if at <= now]
        self.inbox = [(at, event) for at, event in self.inbox if at > now]
        self.random.shuffle(due)
        for event in due:
            self.hear(replace(event, now=now))
        if due:
            self.wakes = now + 1
        self.hear(self._read() if is_new or self.random.random() < 0.7 else m.TimePassed(now))
        self._talk()

    def _is_awake(self) -> bool:
        now = self.town.chain.now
        due = now >= self.wakes or self.seen != self._version() or bool(self.retries)
        return due or any(at <= now for at, _ in self.inbox)

    def _version(self) -> tuple[int, int]:
        return self.town.chain.version, self.town.relay.version

    def hear(self, event: m.Observation) -> None:
        instructions = self.core.step(event)
        changes = self.core.take_changes()
        if changes != m.Changes():
            m.validate_state(self.core.state)
            for id_, deal in changes.deals.items():
                changes.deals[id_] = copy(deal)
            self.unwritten.append(changes)
        for instruction in instructions:
            if self.random.random() < self.manner.kills / 10:
                self._die()
                return
            self._act(instruction)

    def _die(self) -> None:
        self.killed += 1
        self.start()

    def _later(self, event: m.Observation) -> None:
        self.inbox.append((self.town.chain.now + self.random.randint(0, 2), event))

    # What it sees

    def _read(self) -> m.ChainRead:
        chain, market = self.town.chain, self.town.chain.market
        made = market.miners[self.account]
        offer = made.offers[1]
        shown = Offer(
            offer.published,
            offer.reserved,
            offer.ask,
            offer.verified_only,
            offer.valid_until,
            offer.capacity,
        )
        seen = m.ClassView(market.price_of(1), shown, market.classes[1], 400, {0: RUNTIME})
        watch = self.core.outlook.watch()
        view = m.MarketView(
            chain.number,
            chain.number,
            market.paused,
            {1: seen},
            dict(market.terms),
            earnings=made.earnings,
            stake=made.stake,
            terms_count=len(market.terms),
            funds={who: market.accounts[who].available for who in watch.requesters},
        )
        deals = {}
        for id_ in watch.deals:
            deal = market.deal_of(id_)
            mine = bool(deal.miner_id) and deal.miner_id == made.miner_id
            deals[id_] = m.OnChain(deal.state, mine, deal.price, deal.time, deal.trial.open)
        return m.ChainRead(chain.now, view, deals)

    def _look_at_requests(self) -> None:
        town, now = self.town, self.town.chain.now
        try:
            listed = town.relay.call().requests
        except RelayUnreachable:
            listed, self.wakes = {}, now + 1
        for id_, (made, signed) in list(listed.items()):
            if made.miner != self.number:
                continue
            if not self.core.outlook.knows(id_) or self.random.random() < 0.05:
                self.hear(m.RequestSeen(now, id_, made, signed, True))
        for id_, made in town.requests.items():
            if made.miner != self.number or self.core.outlook.knows(id_):
                continue
            if town.chain.market.deal_of(id_).state is State.POSTED:
                self.hear(m.RequestSeen(now, id_, made, b"", False))
        waiting = dict(self.core.outlook.talk().awaiting)
        with_acceptance = {}
        if listed or waiting:
            try:
                with_acceptance = town.relay.call().acceptances
            except RelayUnreachable:
                waiting, self.wakes = {}, now + 1
        for id_ in waiting:
            if id_ in with_acceptance:
                self.hear(m.AcceptanceSeen(now, id_, *with_acceptance[id_]))
            else:
                self.hear(m.AcceptanceAsked(now, id_))

    def _talk(self) -> None:
        now = self.town.chain.now
        for id_, done, tasks in self.core.outlook.talk().at_work:
            before, at = self.told.get(id_, (-1, 0))
            if done == before and now < at + TELL:
                continue
            self.told[id_] = done, now
            said = Progress(self.account, now, id_, done, tasks)
            self._post(lambda lists, said=said: lists.progress[said.request].insert(0, said), False)

    def _post(self, act, news: bool = True) -> bool:
        try:
            self.town.relay.post(act, news)
        except RelayUnreachable:
            return False
        return True

    # What it does

    def _act(self, instruction: m.Instruction) -> None:
        match instruction:
            case m.Send():
                self._send(instruction)
            case m.Check(id=id_):
                made = self.town.requests[id_]
                self._later(m.CheckPassed(0, id_, m.Work(made.tasks, TASK_UNITS)))
            case m.RunTask(id=id_, index=index):
                self._work(id_, index)
            case m.StoreTask(id=id_, leaf=leaf):
                if self._stored():
                    if not self.manner.withholds:
                        self.town.store.outputs.add(leaf.digest)
                    self._later(m.TaskStored(0, id_, leaf.index))
                else:
                    self._again(instruction)
            case m.StoreLeaves(id=id_, leaves=leaves):
                if self._stored():
                    if not self.manner.withholds:
                        key = hashlib.sha256(encode_leaves(leaves)).digest()
                        self.town.store.leaves[key] = list(leaves)
                    self._later(m.LeavesStored(0, id_))
                else:
                    self._again(instruction)
            case m.PostClaim(id=id_, result=found):
                said = Claim(
                    self.account,
                    self.town.chain.now,
                    id_,
                    found.root,
                    found.units_used,
                    found.leaves,
                )
                taken = self._post(lambda lists: lists.claims[id_].insert(0, said))
                self._later(m.ClaimAnswered(0, id_, taken))
            case m.PostRejection(id=id_, reason=reason):
                rejected = Rejection(
                    self.account, self.town.chain.now, id_, str(reason), reason.final
                )
                self._post(lambda lists: lists.rejections[id_].insert(0, rejected))
            case m.Alarm():
                self.alarms.append(instruction.text)

    def _stored(self) -> bool:
        try:
            self.town.store.call()
        except StoreUnavailable:
            return False
        return True

    def _again(self, instruction: m.Instruction) -> None:
        """As the daemon's port does: until the store takes it, or the daemon is killed."""
        self.retries.append(instruction)

    def _work(self, id_: bytes, index: int) -> None:
        """The worker that is free first takes it."""
        made, now = self.town.requests[id_], self.town.chain.now
        task = self.town.tasks[made.job][index]
        leaf = right_leaf(self.town.whole[made.job], index, task)
        if self.random.random() < self.manner.lies:
            leaf = replace(leaf, digest=hashlib.sha256(leaf.digest).digest())
        self.free_at.sort()
        self.free_at[0] = max(float(now), self.free_at[0]) + TASK_UNITS / SPEED
        self.inbox.append((ceil(self.free_at[0]), m.TaskDone(0, id_, leaf)))

    # Transactions

    def _send(self, send: m.Send) -> None:
        act, chain = self._call(send), self.town.chain
        if act is None:
            return
        key = f"{self.account}:{send.key}"
        if key in chain.done or key in self.sending:
            if key not in self.sending:
                self.sending[key] = send
            return
        if (refused := chain.would(act)) is not None:
            self._refused(send, refused)
            return
        if (
            chain.send(key, self.account, act, self.random.randint(0, 3))
            and send.act is m.Act.CONFIRM
        ):
            self.promised.add(send.subject)
        self.sending[key] = send

    def _look_at_sent(self) -> None:
        chain = self.town.chain
        for key, send in list(self.sending.items()):
            if key in chain.failed:
                del self.sending[key]
                self._refused(send, chain.failed.pop(key))
            elif key in chain.done:
                del self.sending[key]
            elif not chain.holds(key):
                del self.sending[key]  # lost by a reorganization: the core asks again

    def _look_at_confirmed(self) -> None:
        """Its confirmations, as events tell of them: a reorganization may have brought one back."""
        market = self.town.chain.market
        number = market.miners[self.account].miner_id
        for id_ in self.promised:
            deal = market.deal_of(id_)
            mine = deal.state is State.CONFIRMED and deal.miner_id == number
            again = self.core.outlook.knows(id_) and self.random.random() < 0.9
            if mine and not again:
                self.hear(m.OwnConfirmed(self.town.chain.now, id_))

    def _refused(self, send: m.Send, refused) -> None:
        if isinstance(send, m.SendForDeal):
            final = refused.name not in ("InsufficientAvailable", "InsufficientCapacity")
            reason = m.Reason("market", str(refused), final=final)
            self._later(m.ActRefused(0, send.id, send.act, reason))

    def _call(self, send: m.Send):
        me, random_root = self.account, self.random.randbytes(32)
        match send:
            case m.SendConfirm(request=made, signature=signed):
                return lambda market: market.confirm_request(me, made, decoded(signed))
            case m.SendAccepted(request=made, result=found, signature=signed):
                result = found.root, found.units_used
                return lambda market: market.submit_accepted(me, made, *result, decoded(signed))
            case m.SendResult(request=made, result=found):
                root = random_root if self.manner.swaps else found.root
                return lambda market: market.submit_result(me, made, root, found.units_used)
            case m.SendForDeal(act=m.Act.RELEASE, request=made):
                return lambda market: market.release(me, made)
            case m.SendForDeal(act=m.Act.SETTLE, request=made):
                return lambda market: market.settle(me, made)
            case m.SendPublish(published=units, ask=ask, valid_until=until):
                return lambda market: market.publish_offer(me, 1, units, ask, until)
            case m.Send(act=m.Act.COLLECT):
                return lambda market: market.collect_earnings(me, me)
        return None

    # What is told of it

    @property
    def earned(self) -> int:
        """Base units, collected or not."""
        market = self.town.chain.market
        return market.wallets[self.account] + market.miners[self.account].earnings

    def story(self, id_: bytes) -> str:
        """Of a deal."""
        self.write()
        return "; ".join(
            f"{line.at} {line.told} {line.because}" for _, line in self.journal.story(id_)
        )
