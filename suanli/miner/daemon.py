"""The daemon around the core: what its ports hear goes in, what comes out is done."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.base.database import DatabaseFailed
from suanli.chain import CursorState, Market, Sender
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import OUTAGES, ChainClock, Fact, Inbox, LaneBatch, Lanes
from suanli.engine import Executors
from suanli.miner import core as c
from suanli.miner.disk import Disk
from suanli.miner.ports import relay, store
from suanli.miner.ports.chain import ChainPort
from suanli.miner.ports.data import Data, Uncompiled
from suanli.miner.ports.engine import EnginePort
from suanli.miner.ports.relay import RelayPort
from suanli.miner.ports.store import StorePort
from suanli.miner.telling import Teller
from suanli.protocol import Leaf, Signer, sign
from suanli.relay import RelayClient
from suanli.store import Store, StoreError, StoreFull, StoreUnavailable

log = logging.getLogger("suanli.miner")
WRITE_AGAIN = 5.0
"""Seconds between tries to write the journal."""
JOURNAL = "journal"

Item = c.Observation | c.Line | Fact
"""What ports hand in; lines and facts are written down with the observations before them."""


@dataclass
class Services:
    """All that the daemon reaches outside; `store` is the requesters'. `claims`, `jurors`: see
    StorePort."""

    market: Market
    sender: Sender
    signer: Signer
    public_key: bytes
    executors: Executors
    store: Store
    relay: RelayClient | None = None
    claims: Path | None = None
    peers: Callable[[], str] = str
    """Where others reach its IPFS node."""
    jurors: Store | None = None


class Daemon:
    """`run` until `stop` is called or everything is drained; or step the `lanes`, then `work`."""

    def __init__(
        self,
        settings: c.Settings,
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
            folder, most_bytes, lambda job: self._forget_lane.put(job), self._is_stored, monotonic
        )
        self.journal, self._local = self._disk.journal, self._disk.local
        self._holdings = self._disk.holdings
        self.core = c.Core(self.journal.load(settings))
        self.inbox: Inbox[Item] = Inbox()
        self._stop = threading.Event()
        self._finished = False
        self._wall, self._monotonic = wall, monotonic
        self._checking: set[bytes] = set()
        # Its newest block may be old, and its time is moved at will.
        local = services.market.domain.chain_id in LOCAL_CHAINS
        self._clock = ChainClock(local, wall, monotonic)
        self.teller = Teller(settings, self.core.outlook, wall, monotonic, local)
        self.away, self.troubles = self.teller.away, self.teller.troubles
        self._make_lanes(poll)
        self._make_ports(miner_id, most_input)

    def _make_lanes(self, poll: float) -> None:
        lanes = Lanes(self._tell_outage, self.inbox.put, self._monotonic)
        self._lanes, self.lanes = lanes, lanes.all
        self._chain_lane = lanes.make("chain", OUTAGES, lambda: self._chain.poll(), poll)
        relay_poll = (lambda: self._relay.poll()) if self.services.relay else None
        self._relay_lane = lanes.make("relay", relay.OUTAGES, relay_poll, poll)
        self._fetch_lane = lanes.make("store", (StoreError, DatabaseFailed))
        # Apart: a large program must not hold up the data of others.
        self._compile_lane = lanes.make("compiler", (StoreError,))
        self._upload_lane = lanes.make("store (uploads)", (StoreError,))
        self._uploads = LaneBatch(self._upload_lane, self._upload, store.REFUSED)
        self._feed_lane = lanes.make("tasks", ())
        self._keep_lane = lanes.make("disk", (StoreFull, StoreUnavailable, DatabaseFailed))
        # Apart: what makes room must not wait behind what wants some.
        self._forget_lane = lanes.make("disk (deleting)", (StoreUnavailable, DatabaseFailed))

    def _make_ports(self, miner_id: int, most_input: int) -> None:
        services, saved = self.services, self.journal.fact("cursor")
        self._chain = ChainPort(
            services.market,
            services.sender,
            self.settings,
            miner_id,
            None if saved is None else CursorState.from_json(saved),
            clock=self._clock,
            post=self.inbox.put,
            note=lambda name, value: self.inbox.put(Fact(name, value)),
            trouble=self.teller.trouble,
            alone=lambda: services.relay is None or "relay" in self.away,
            say=lambda text: log.info("%s", text),
            monotonic=self._monotonic,
            wall=self._wall,
        )
        if services.relay is not None:
            self._relay = RelayPort(
                services.relay,
                services.signer,
                self.settings,
                services.public_key,
                now=self._clock.now,
                post=self.inbox.put,
                tell=lambda text: log.warning("%s", text),
                trouble=self.teller.trouble,
                peers=services.peers,
                compiled=services.executors.compiled,
                monotonic=self._monotonic,
            )
        self._data = Data(
            services.store,
            self._local,
            services.executors,
            most_input,
            self.settings.policy,
            lambda: self._disk.promised,
            self._disk.programs,
        )
        self._engine = EnginePort(
            self._data,
            self._local,
            services.executors,
            self._holdings,
            keep=self._keep_lane,
            needed=self.core.outlook.needs_results,
            now=self._clock.now,
            post=self.inbox.put,
        )
        self._store = StorePort(self._local, services.store, services.claims, services.jurors)

    # Running

    def run(self) -> bool:
        """Whether it ended because everything is drained. Raises what ended a lane."""
        self.begin()
        self._lanes.start()
        log.info("ready: %s", self.settings.miner)
        try:
            while not self._stop.is_set():
                self.work(timeout=0.5)
        finally:
            self.stop()
            self._engine.closing = True
            self._lanes.end()
            self.work(timeout=0)  # what was done meanwhile need not be done again
            self.journal.close()
        return self._finished

    def stop(self) -> None:
        """From any thread or signal handler."""
        self._stop.set()

    def begin(self) -> None:
        """Forget what no deal needs, ask for the rest."""
        self._holdings.tidy()
        for id_ in self.journal.owners() - self.core.outlook.deals():
            self._forget(id_)
        self._watch()

    def work(self, timeout: float) -> None:
        """Take what has come, write it down, act."""
        items = self.inbox.take(timeout)
        items += self._own_observations(items)
        instructions: list[c.Instruction] = []
        facts: dict[str, Any] = {}
        for item in items:
            match item:
                case Fact():
                    facts[item.name] = item.value
                case c.Line():
                    self.core.record(item)
                case _:
                    instructions += self.core.step(item)
                    self._forget_late(item)
        if items:
            changes = self.core.take_changes()
            self._written(lambda: self.journal.save(changes, **facts))
            self.teller.tell_changes(changes)
            for instruction in instructions:
                self._act(instruction)
            if any(isinstance(instruction, c.Send) for instruction in instructions):
                self._chain_lane.put(self._chain.flush)
            self._watch()
        self._note_status()

    def _own_observations(self, items: Sequence[Item]) -> list[Item]:
        """Of the disk, and of what another process may have asked for."""
        outlook, now = self.core.outlook, self._clock.now()
        found: list[Item] = []
        room = self._disk.look(outlook, any(isinstance(item, c.TaskDone) for item in items))
        if room is not None:
            found.append(c.RoomSeen(now, room, self._local.used))
        draining = bool(self.journal.fact("draining"))
        if draining != outlook.draining:
            found.append(c.DrainAsked(now, draining))
        return found

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

    def _watch(self) -> None:
        """Tell the ports what the core wants to know."""
        self._chain.watch = self.core.outlook.watch()
        if self.services.relay is not None:
            self._relay.talk = self.core.outlook.talk()

    def _is_stored(self, id_: bytes, task: int) -> bool:
        return self.core.outlook.is_stored(id_, task)

    # Instructions

    def _act(self, instruction: c.Instruction) -> None:
        match instruction:
            case c.Send():
                self._chain_lane.put(lambda: self._chain.want(instruction))
            case c.Check():
                self._checking.add(instruction.id)
                self._fetch_lane.put(lambda: self._check(instruction))
            case c.RunTask(id=id_, job=job, index=index):
                self._feed_lane.put(lambda: self._engine.run(id_, job, index))
            case c.StoreTask(id=id_, leaf=leaf):
                self._uploads.put((id_, leaf))
            case c.StoreLeaves():
                issued = int(self._wall())
                self._upload_lane.put(lambda: self._list(instruction, issued))
            case c.Serve():
                self._upload_lane.put(lambda: self._serve(instruction))
            case c.PostClaim():
                self._relay_lane.put(lambda: self._relay.claim(instruction))
            case c.PostRejection():
                if self.services.relay is not None:
                    self._relay_lane.put(lambda: self._relay.reject(instruction))
            case c.Forget():
                if instruction.id not in self._checking:  # else once that ends
                    self._forget(instruction.id)
            case c.Alarm():
                self.teller.alarm(instruction.text)
            case c.Leave():
                self._finished = True
                self._stop.set()

    def _upload(self, tasks: Sequence[tuple[bytes, Leaf]]) -> None:
        for id_, leaf in self._store.put_outputs(tasks):
            self.inbox.put(c.TaskStored(self._clock.now(), id_, leaf.index))

    def _list(self, instruction: c.StoreLeaves, issued: int) -> None:
        if self._store.put_leaves(instruction.id, instruction.leaves):
            claim = relay.claim_of(self.settings.miner, instruction.id, instruction.result, issued)
            self._store.show(sign(self.services.market.domain, claim, self.services.signer))
            self.inbox.put(c.LeavesStored(self._clock.now(), instruction.id))

    def _serve(self, serve: c.Serve) -> None:
        lost = self._store.serve(serve.id, self._data.needs(serve.job), serve.leaves)
        self.inbox.put(c.DealServed(self._clock.now(), serve.id, lost))

    def _check(self, check: c.Check) -> None:
        found = self._data.answer(check, self._holdings.own, self._clock.now)
        if isinstance(found, c.CheckFailed):
            self.inbox.put(found)
        elif self._data.takes_long(found):
            self._compile_lane.put(lambda: self._compile(check.id, found))
        else:
            self._compile(check.id, found)

    def _compile(self, id_: bytes, fetched: Uncompiled) -> None:
        self.inbox.put(self._data.compiled(id_, fetched, self._clock.now))

    def _forget(self, id_: bytes) -> None:
        self._forget_lane.put(lambda: self._holdings.forget(id_))

    def _forget_late(self, event: c.Observation) -> None:
        """What came for a deal that went while it was under way."""
        if isinstance(event, c.CheckPassed | c.CheckFailed):
            self._checking.discard(event.id)
        elif not isinstance(event, c.TaskDone | c.TaskFailed):
            return
        if not self.core.outlook.knows(event.id):
            self._forget(event.id)

    # Telling

    def _tell_outage(self, name: str, why: str) -> None:
        self.teller.outage(name, why)
        if why and name == "relay":
            self._relay.restart()

    def _note_status(self) -> None:
        relay_ahead = self._relay.ahead if self.services.relay is not None else None
        note = self.teller.status(self._clock.now(), relay_ahead, self._chain.ahead)
        if note is not None:
            with suppress(DatabaseFailed):  # a full disk: what must be written tells of it
                self.journal.note(status=note)
