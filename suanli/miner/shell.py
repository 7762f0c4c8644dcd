"""The daemon around the core: queues, lanes, and what each instruction means outside."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.base.database import DatabaseFailed
from suanli.chain import Call, CursorState, Market, Sender
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import clock as clocks
from suanli.daemon.lane import Batch, Lane
from suanli.engine import Executor
from suanli.miner import chain_desk, relay_desk
from suanli.miner.chain_desk import ChainClock, ChainDesk, Watch
from suanli.miner.core import messages as m
from suanli.miner.core.core import Core
from suanli.miner.core.deadlines import waits_of
from suanli.miner.core.judge import TWIN, TWIN_REST, sees_twin
from suanli.miner.core.messages import Act
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import FREE, LIVE, ClassView, Deal, Sale, Settings, Stage
from suanli.miner.disk import Disk
from suanli.miner.fetch import Data, Unfit
from suanli.miner.relay_desk import RelayDesk, result_of
from suanli.miner.workshop import REFUSED, Shelf, Workshop
from suanli.protocol import Domain, Leaf, Signer
from suanli.protocol.messages_relay import sign
from suanli.relay import RelayClient
from suanli.store import Store, StoreError, StoreFull, StoreUnavailable

log = logging.getLogger("suanli.miner")
STATUS_EVERY = 3.0
"""Seconds between notes for `status`."""
LAST_WAIT = 15.0
"""Seconds for which an ending daemon waits for what is under way; nothing depends on it."""
WRITE_AGAIN = 5.0
"""Seconds between tries to write the journal."""
JOURNAL = "journal"
MOST_EVENTS = 1_000
"""Taken together into one transaction of the journal."""


@dataclass(frozen=True)
class Fact:
    """Written down with the events before it."""

    name: str
    value: Any


@dataclass(frozen=True)
class Broken:
    """A lane ended by an error that is no outage."""

    error: Exception


@dataclass
class Services:
    """All that the daemon reaches outside; `store` is the requesters'. `board`: see Shelf."""

    market: Market
    sender: Sender
    signer: Signer
    public_key: str
    executor: Executor
    store: Store
    relay: RelayClient | None = None
    board: Path | None = None


class Daemon:
    """`run` until `stop` is called or everything is drained.

    `threads=False` leaves the lanes to the caller, who steps them (`lanes`) and then `work`.
    """

    def __init__(
        self,
        settings: Settings,
        services: Services,
        miner_id: int,
        folder: Path,
        *,
        poll: float = 1.0,
        most_input: int = 4 << 30,
        most_bytes: int = 50 << 30,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.services = settings, services
        self._disk = Disk(
            folder,
            most_bytes,
            lambda job: self._forget_lane.put(job),
            self._is_stored,
            monotonic,
        )
        self.journal, self._local = self._disk.journal, self._disk.local
        self._holdings = self._disk.holdings
        self.core = Core(self.journal.load(settings))
        self._inbox: queue.SimpleQueue[m.Event | Fact | Broken] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._finished = False
        self._wall, self._monotonic = wall, monotonic
        self._noted = float("-inf")
        self._told: dict[bytes, Stage] = {}
        self._checking: set[bytes] = set()
        self._sold: dict[int, tuple[int, int]] = {}
        self._started = wall()
        self.away: dict[str, str] = {}
        self.troubles: dict[str, str] = {}
        # Its newest block may be old, and its time is moved at will.
        self._local_chain = services.market.domain.chain_id in LOCAL_CHAINS
        self._clock = ChainClock(self._local_chain, wall, monotonic)
        self._make_lanes(poll)
        self._make_desks(miner_id, most_input)

    def _make_lanes(self, poll: float) -> None:
        def lane(
            name: str,
            outages: tuple[type[Exception], ...],
            poller: Callable[[], None] | None = None,
        ) -> Lane:
            return Lane(
                name,
                outages,
                poll=poller,
                every=poll,
                tell=self._tell_outage,
                broken=lambda error: self._inbox.put(Broken(error)),
                clock=self._monotonic,
            )

        self._chain_lane = lane(
            "chain", (*chain_desk.OUTAGES, DatabaseFailed), lambda: self._chain.poll()
        )
        relay_poll = (lambda: self._relay.poll()) if self.services.relay else None
        self._relay_lane = lane("relay", relay_desk.OUTAGES, relay_poll)
        self._fetch_lane = lane("store", (StoreError, DatabaseFailed))
        self._upload_lane = lane("store (uploads)", (StoreError,))
        self._uploads = Batch(self._upload_lane, self._upload, REFUSED)
        self._feed_lane = lane("tasks", ())
        self._keep_lane = lane("disk", (StoreFull, StoreUnavailable, DatabaseFailed))
        # Apart: what makes room must not wait behind what wants some.
        self._forget_lane = lane("disk (deleting)", (StoreUnavailable, DatabaseFailed))
        self.lanes = [
            self._chain_lane,
            self._relay_lane,
            self._fetch_lane,
            self._upload_lane,
            self._feed_lane,
            self._keep_lane,
            self._forget_lane,
        ]

    def _make_desks(self, miner_id: int, most_input: int) -> None:
        services = self.services
        saved = self.journal.fact("cursor")
        cursor = None if saved is None else CursorState.from_json(saved)
        self._domain: Domain = services.market.domain
        self._chain = ChainDesk(
            services.market,
            services.sender,
            self.settings,
            miner_id,
            cursor,
            clock=self._clock,
            post=self._inbox.put,
            note=lambda name, value: self._inbox.put(Fact(name, value)),
            trouble=self._tell_trouble,
            alone=lambda: services.relay is None or "relay" in self.away,
            say=lambda text: log.info("%s", text),
            monotonic=self._monotonic,
            wall=self._wall,
        )
        if services.relay is not None:
            self._relay = RelayDesk(
                services.relay,
                services.signer,
                self.settings,
                services.public_key,
                now=self._clock.now,
                post=self._inbox.put,
                tell=lambda text: log.warning("%s", text),
                trouble=self._tell_trouble,
                monotonic=self._monotonic,
            )
        self._data = Data(
            services.store,
            self._local,
            services.executor,
            self.settings.runtime,
            most_input,
            self.settings.policy,
            lambda: self._disk.promised,
        )
        self._workshop = Workshop(
            self._data,
            self._local,
            services.executor,
            self._holdings,
            keep=self._keep_lane,
            needed=self._needs_results,
            now=self._clock.now,
            post=self._inbox.put,
        )
        self._shelf = Shelf(self._local, services.store, services.board)

    # Running

    def run(self) -> bool:
        """Whether it ended because everything is drained. Raises what ended a lane."""
        threads = [
            threading.Thread(target=lane.serve, args=(self._stop,), name=lane.name, daemon=True)
            for lane in self.lanes
        ]
        self.begin()
        for thread in threads:
            thread.start()
        log.info("ready: %s", self.settings.miner)
        try:
            while not self._stop.is_set():
                self.work(timeout=0.5)
        finally:
            self.stop()
            self._workshop.closing = True
            for lane in self.lanes:
                lane.nudge()
            ends = time.monotonic() + LAST_WAIT
            for thread in threads:
                thread.join(timeout=max(ends - time.monotonic(), 0))
            self.work(timeout=0)  # what was done meanwhile need not be done again
            self.journal.close()
        return self._finished

    def stop(self) -> None:
        """From any thread or signal handler."""
        self._stop.set()

    def begin(self) -> None:
        """Forget what no deal needs, ask for the rest."""
        self._holdings.tidy()
        for id_ in self.journal.owners() - self.core.state.deals.keys():
            self._forget(id_)
        self._watch()

    def work(self, timeout: float) -> None:
        """Take what has come, write it down, act."""
        batch = self._take(timeout)
        batch += self._look_at_disk(batch)
        draining = bool(self.journal.fact("draining"))  # another process may ask for it
        if draining != self.core.state.draining:
            batch.append(m.DrainAsked(self._clock.now(), draining))
        instructions: list[m.Instruction] = []
        facts: dict[str, Any] = {}
        for item in batch:
            if isinstance(item, Broken):
                raise item.error
            if isinstance(item, Fact):
                facts[item.name] = item.value
            else:
                instructions += self.core.step(item)
                self._forget_late(item)
        if batch:
            changes = self.core.take_changes()
            self._written(lambda: self.journal.save(self.core.state, changes, **facts))
            self._tell_deals(changes.deals | changes.forgotten)
            self._tell_offer()
            for instruction in instructions:
                self._act(instruction)
            self._watch()
        self._note_status()

    def _look_at_disk(self, batch: list[m.Event | Fact | Broken]) -> list[m.Event]:
        ended = any(isinstance(item, m.TaskDone) for item in batch)
        room = self._disk.look(self.core.state, ended)
        return [] if room is None else [m.RoomSeen(self._clock.now(), room, self._local.used)]

    def _is_stored(self, id_: bytes, task: int) -> bool:
        deal = self.core.state.deals.get(id_)
        return deal is not None and task in deal.stored

    def _written(self, write: Callable[[], None]) -> None:
        """Try until it is on the disk: before that nothing may be done."""
        while True:
            try:
                write()
            except DatabaseFailed as error:
                if JOURNAL not in self.away:
                    self._tell_outage(JOURNAL, str(error))
                if self._disk.yields():
                    continue
                if self._stop.wait(WRITE_AGAIN):
                    raise
            else:
                if JOURNAL in self.away:
                    self._tell_outage(JOURNAL, "")
                return

    def _take(self, timeout: float) -> list[m.Event | Fact | Broken]:
        batch: list[m.Event | Fact | Broken] = []
        try:
            batch.append(self._inbox.get(timeout=timeout) if timeout else self._inbox.get_nowait())
            while len(batch) < MOST_EVENTS:
                batch.append(self._inbox.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _watch(self) -> None:
        """Tell the desks what the core wants to know."""
        deals = self.core.state.deals.values()
        self._chain.watch = Watch(
            frozenset(d.id for d in deals if d.stage not in FREE or d.bound),
            frozenset(d.request.terms for d in deals),
            frozenset(d.request.requester for d in deals if d.stage in FREE and d.lodged),
            any(d.stage is Stage.CHECKING or d.stage in LIVE for d in deals),
        )
        if self.services.relay is not None:
            self._relay.selling = not self.core.state.draining
            self._relay.at_work = [
                (d.id, len(d.leaves), d.work.tasks)
                for d in deals
                if d.lodged and d.work and d.stage in (Stage.RUNNING, Stage.UPLOADED, Stage.OFFERED)
            ]
            self._relay.awaiting = [
                (d.id, d.request)
                for d in deals
                if d.lodged and d.stage in (Stage.UPLOADED, Stage.OFFERED)
            ]

    # Instructions

    def _act(self, instruction: m.Instruction) -> None:
        match instruction:
            case m.SendStake():
                stake = instruction
                self._chain_lane.put(lambda: self._chain.stake(stake))
            case m.Send():
                call = self._call(instruction)
                if call is not None:
                    send = instruction
                    self._chain_lane.put(lambda: self._chain.want(send, call))
            case m.Leave():
                self._finished = True
                self._stop.set()
            case m.Forget():
                if instruction.id not in self._checking:  # else once that ends
                    self._forget(instruction.id)
            case m.TellRefusal():
                if self.services.relay is not None:
                    word = instruction
                    self._relay_lane.put(lambda: self._relay.refuse(word.id, word.reason))
            case m.DealInstruction():
                deal = self.core.state.deals.get(instruction.id)
                if deal is not None:
                    self._act_for(deal, instruction)

    def _act_for(self, deal: Deal, instruction: m.DealInstruction) -> None:
        id_, job = deal.id, deal.request.job
        match instruction:
            case m.Check():
                request = deal.request
                self._checking.add(id_)
                self._fetch_lane.put(lambda: self._check(id_, request))
            case m.RunTask(index=index):
                self._feed_lane.put(lambda: self._workshop.run(id_, job, index))
            case m.StoreTask(index=index):
                self._uploads.put((id_, deal.leaves[index]))
            case m.StoreLeaves():
                leaves = [deal.leaves[index] for index in range(len(deal.leaves))]
                outcome = deal.outcome
                assert outcome is not None
                result = result_of(self.settings.miner, id_, outcome, int(self._wall()))

                def list_() -> None:
                    if self._shelf.put_leaves(id_, leaves):
                        self._shelf.show(sign(self._domain, result, self.services.signer))
                        self._post(m.LeavesStored(self._clock.now(), id_))

                self._upload_lane.put(list_)
            case m.Answer():
                outcome = deal.outcome
                assert outcome is not None
                self._relay_lane.put(
                    lambda: self._post(
                        m.ResultAnswered(self._clock.now(), id_, self._relay.answer(id_, outcome))
                    )
                )

    def _upload(self, tasks: Sequence[tuple[bytes, Leaf]]) -> None:
        for id_, leaf in self._shelf.put_outputs(tasks):
            self._post(m.TaskStored(self._clock.now(), id_, leaf.index))

    def _post(self, event: m.Event) -> None:
        self._inbox.put(event)

    def _check(self, id_: bytes, request: Any) -> None:
        view = self.core.state.view
        assert view is not None  # without one nothing is checked
        event: m.Event
        try:
            seen = view.classes.get(request.resource)
            if seen is None:  # of a class that the file named before a restart
                raise Unfit("class", f"class {request.resource} is not sold here any more")
            work = self._data.check(
                request, seen.resource, lambda digests: self._holdings.own(id_, digests)
            )
            event = m.CheckPassed(self._clock.now(), id_, work)
        except Unfit as error:
            event = m.CheckFailed(self._clock.now(), id_, error.reason)
        except (StoreError, DatabaseFailed):
            raise
        except Exception as error:  # nothing that strangers may send ends the daemon
            log.exception("the data of 0x%s can't be checked", id_.hex()[:8])
            reason = Reason("data", f"can't be checked: {type(error).__name__}")
            event = m.CheckFailed(self._clock.now(), id_, reason)
        self._post(event)

    def _forget(self, id_: bytes) -> None:
        self._forget_lane.put(lambda: self._holdings.forget(id_))

    def _forget_late(self, event: m.Event) -> None:
        """What came for a deal that went while it was under way."""
        if isinstance(event, m.CheckPassed | m.CheckFailed):
            self._checking.discard(event.id)
        elif not isinstance(event, m.TaskDone | m.TaskFailed):
            return
        if event.id not in self.core.state.deals:
            self._forget(event.id)

    def _needs_results(self, id_: bytes) -> bool:
        deal = self.core.state.deals.get(id_)
        return deal is not None and deal.stage not in (Stage.RELEASING, Stage.ENDED)

    def _call(self, send: m.Send) -> Call[Any] | None:
        market, settings = self.services.market, self.settings
        if isinstance(send, m.SendPublish):
            return market.publish_offer(send.resource, send.published, send.ask, send.valid_until)
        if isinstance(send, m.SendForClass):
            return market.withdraw_offer(send.resource)
        if send.act is Act.COLLECT:
            return market.collect_earnings(settings.miner)
        deal = self.core.state.deals.get(send.id)
        return self._deal_call(send.act, deal) if deal is not None else None

    def _deal_call(self, act: Act, deal: Deal) -> Call[Any] | None:
        market, request, outcome = self.services.market, deal.request, deal.outcome
        match act:
            case Act.CONFIRM:
                return market.confirm_request(request, deal.signature)
            case Act.SETTLE:
                return market.settle(request)
            case Act.RELEASE:
                return market.release(request)
            case Act.CLOSE:
                return market.close_without_fault(request)
            case Act.SUBMIT_RESULT if outcome:
                return market.submit_result(request, outcome.root, outcome.units_used)
            case Act.SUBMIT_ACCEPTED if outcome:
                return market.submit_accepted(
                    request, outcome.root, outcome.units_used, deal.acceptance
                )
        return None

    # Telling

    def _tell_deals(self, changed: Iterable[bytes]) -> None:
        """Log what a deal has come to, once; requests that just wait or pass are for `status`."""
        for id_ in changed:
            deal = self.core.state.deals.get(id_)
            stage = deal.stage if deal is not None else None
            if stage == self._told.get(id_) or (stage in FREE and id_ not in self._told):
                continue
            if deal is None:
                self._told.pop(id_, None)
                passed = self.core.state.passed.get(id_)
                log.info("0x%s: %s", id_.hex()[:8], passed.reason if passed else "over")
            else:
                self._told[id_] = deal.stage
                why = f" ({deal.reason})" if deal.reason else ""
                log.info("0x%s: %s%s", id_.hex()[:8], deal.stage, why)

    def _tell_offer(self) -> None:
        """Log what is sold, when it changes."""
        view = self.core.state.view
        if view is None or self.core.state.draining:
            return
        for sale in self.settings.sales:
            self._tell_sale(sale, view.classes[sale.resource])

    def _tell_sale(self, sale: Sale, seen: ClassView) -> None:
        offer = seen.offer
        sold = offer.published if offer.valid_until else 0
        if not sold and seen.covered:
            return  # it is on its way
        if (sold, offer.capacity) != self._sold.get(sale.resource):
            self._sold[sale.resource] = sold, offer.capacity
            short = ": the stake covers no more" if offer.capacity < sale.capacity else ""
            of = f" of class {sale.resource}" if len(self.settings.sales) > 1 else ""
            log.info("sells %s of %s units%s%s", f"{sold:,}", f"{sale.capacity:,}", of, short)

    def _tell_outage(self, name: str, why: str) -> None:
        if why:
            log.warning("%s is away: %s", name, why)
            self.away[name] = why
            if name == "relay":
                log.warning("going on over the chain: requests that are posted there")
                self._relay.restart()
        else:
            log.info("%s is back", name)
            self.away.pop(name, None)
        self._noted = float("-inf")

    def _tell_trouble(self, act: str, why: str) -> None:
        if why and act not in self.troubles:  # amounts in it may change all the time
            log.warning("%s: %s", act, why)
        if why:
            self.troubles[act] = why
        else:
            self.troubles.pop(act, None)

    def _twin_trouble(self) -> str:
        state = self.core.state
        if not sees_twin(state, self._clock.now()):
            return ""
        return (
            f"0x{state.twin_deal.hex()[:8]} was confirmed with this account, but not by this"
            " daemon: another works with it elsewhere, and the same work is done twice; stop one"
            f" of them. This one takes no new deals for {TWIN_REST // 60} minutes"
        )

    def _note_status(self) -> None:
        if self._monotonic() < self._noted + STATUS_EVERY:
            return
        self._noted = self._monotonic()
        relay = self._relay.ahead if self.services.relay is not None else None
        chain = None if self._local_chain else self._chain.ahead
        self._tell_trouble(TWIN, self._twin_trouble())
        self._tell_trouble("clock", clocks.trouble(relay, chain))
        view = self.core.state.view
        status: dict[str, Any] = {
            "pid": os.getpid(),
            "started": self._started,
            "noted": self._wall(),
            "miner": self.settings.miner,
            "decimals": self.settings.decimals,
            "away": dict(self.away),
            "troubles": dict(self.troubles),
            "clock": {"relay": relay, "chain": chain},
            "waits": [
                {"request": "0x" + id_.hex(), "for": what, "until": until}
                for id_, what, until in waits_of(self.core.state)
            ],
        }
        if view is not None:
            status |= {
                "block": view.block,
                "classes": [
                    noted_of(sale, view.classes[sale.resource]) for sale in self.settings.sales
                ],
                "stake": str(view.stake),
                "earnings": str(view.earnings),
            }
        with suppress(DatabaseFailed):  # a full disk: what must be written tells of it
            self.journal.note(status=status)


def noted_of(sale: Sale, seen: ClassView) -> dict[str, Any]:
    """Of a class, for `status` and `drain --wait`."""
    offer = seen.offer
    return {
        "resource": sale.resource,
        "wanted": sale.capacity,
        "price": str(seen.price),
        "ask": str(offer.ask),
        "capacity": offer.capacity,
        "published": offer.published,
        "reserved": offer.reserved,
        "valid_until": offer.valid_until,
    }
