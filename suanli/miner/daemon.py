"""The daemon around the core: what its ports hear goes in, what comes out is done."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.base.database import DatabaseFailed
from suanli.chain import CursorState, Market, NotSigned, Sender
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import OUTAGES, DaemonLoop, Fact, LaneBatch
from suanli.daemon.clock import steady
from suanli.daemon.runtimes import LISTED, listed_in
from suanli.engine import Executors
from suanli.miner import core as c
from suanli.miner.disk import Disk
from suanli.miner.journal import Journal
from suanli.miner.ports import relay, store
from suanli.miner.ports.chain import ChainPort
from suanli.miner.ports.cluster import ClusterPort
from suanli.miner.ports.data import Data, Uncompiled
from suanli.miner.ports.engine import EnginePort
from suanli.miner.ports.relay import RelayPort
from suanli.miner.ports.store import StorePort
from suanli.miner.sealing import Seals
from suanli.miner.telling import Teller
from suanli.protocol import Leaf, Signer, sign
from suanli.relay import Relays
from suanli.store import Store, StoreError, StoreFull, StoreUnavailable

log = logging.getLogger("suanli.miner")
Heard = c.Observation | c.Line
"""Lines of stories are written down with the observations before them."""


@dataclass
class Services:
    """All that the daemon reaches outside; `store` is the requesters'. `claims`, `jurors`: see
    StorePort."""

    market: Market
    sender: Sender
    signer: Signer
    executors: Executors
    store: Store
    relay: Relays | None = None
    claims: Path | None = None
    peers: Callable[[], str] = str
    """Where others reach its IPFS node."""
    jurors: Store | None = None
    cluster: ClusterPort | None = None
    """What the executors are of, if they are of a cluster."""


CLUSTER = "cluster"


class Daemon(DaemonLoop[Heard]):
    """It ends by itself when everything is drained."""

    journal: Journal
    teller: Teller

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
        monotonic: Callable[[], float] = steady,
    ) -> None:
        self.settings, self.services = settings, services
        self._disk = Disk(
            folder, most_bytes, lambda job: self._forget_lane.put(job), self._is_stored, monotonic
        )
        self._local, self._holdings = self._disk.local, self._disk.holdings
        self.core = c.Core(self._disk.journal.load(settings))
        self._checking: set[bytes] = set()
        local = services.market.domain.chain_id in LOCAL_CHAINS
        teller = Teller(settings, self.core.outlook, wall, monotonic, local)
        super().__init__(self._disk.journal, teller, local, wall, monotonic)
        self._seals = Seals(
            folder / "sealing.sqlite",
            services.store,
            services.relay.envelopes if services.relay is not None else lambda id_: (),
            wall,
        )
        self._make_lanes(poll)
        self._make_ports(miner_id, most_input)

    def _make_lanes(self, poll: float) -> None:
        lanes = self._lanes
        self._chain_lane = lanes.make("chain", OUTAGES, lambda: self._chain.poll(), poll)
        relay_poll = (lambda: self._relay.poll()) if self.services.relay else None
        self._relay_lane = lanes.make("relay", relay.OUTAGES, relay_poll, poll)
        self._fetch_lane = lanes.make("store", (StoreError, DatabaseFailed))
        # Apart: a large program must not hold up the data of others.
        self._compile_lane = lanes.make("compiler", (StoreError,))
        self._upload_lane = lanes.make("store (uploads)", (StoreError, NotSigned))
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
            listed=listed_in(self.journal.fact(LISTED)),
            clock=self._clock,
            post=self.inbox.put,
            note=self._note,
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
                self._seals.public_key,
                now=self._clock.now,
                post=self.inbox.put,
                tell=lambda text: log.warning("%s", text),
                trouble=self.teller.trouble,
                peers=services.peers,
                compiled=services.executors.compiled,
                sealed=self._seals.result,
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
            self._seals,
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
        self._store = StorePort(
            self._local, services.store, services.claims, services.jurors, self._seals
        )

    # Running

    def run(self) -> bool:
        """See `DaemonLoop.run`."""
        try:
            return super().run()
        finally:
            self._seals.close()

    def begin(self) -> None:
        """Forget what no deal needs, ask for the rest."""
        self._holdings.tidy()
        for digest in self._seals.tidy(self.core.outlook.deals()):
            self._local.delete(digest)
        for id_ in self.journal.owners() - self.core.outlook.deals():
            self._forget(id_)
        self._watch()

    def work(self, timeout: float) -> None:
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
        relay_ahead = self._relay.ahead if self.services.relay is not None else None
        now = self._clock.now()
        self._note_status(self.teller.status(now, relay_ahead, self._chain.ahead))

    def _give_up(self) -> None:
        self._engine.closing = True

    def _own_observations(self, items: Sequence[Heard | Fact]) -> list[Heard]:
        """Of the disk, of a cluster, and of what another process may have asked for."""
        outlook, now = self.core.outlook, self._clock.now()
        found: list[Heard] = []
        room = self._disk.look(outlook, any(isinstance(item, c.TaskDone) for item in items))
        if room is not None:
            found.append(c.RoomSeen(now, room, self._local.used))
        draining = bool(self.journal.fact("draining"))
        if draining != outlook.draining:
            found.append(c.DrainAsked(now, draining))
        if (cluster := self.services.cluster) is not None:
            if cluster.away != self.away.get(CLUSTER, ""):
                self._tell_outage(CLUSTER, cluster.away)
            if (machines := cluster.look(now)) is not None:
                found.append(machines)
        return found

    def _makes_room(self) -> bool:
        return self._disk.yields()

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
                issued = self._clock.now()
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
                self._finish()

    def _upload(self, tasks: Sequence[tuple[bytes, Leaf]]) -> None:
        for id_, leaf in self._store.put_outputs(tasks):
            self.inbox.put(c.TaskStored(self._clock.now(), id_, leaf.index))

    def _list(self, instruction: c.StoreLeaves, issued: int) -> None:
        if self._store.put_leaves(instruction.id, instruction.leaves):
            claim = relay.claim_of(self.settings.miner, instruction.id, instruction.result, issued)
            self._store.show(sign(self.services.market.domain, claim, self.services.signer))
            self.inbox.put(c.LeavesStored(self._clock.now(), instruction.id))

    def _serve(self, serve: c.Serve) -> None:
        openly = serve.withheld or not self._seals.holds(serve.id)
        needs = self._data.needs(serve.job) if openly else []
        if not openly and serve.accused:
            needs = self._data.needs(serve.job, serve.accused)
        lost = self._store.serve(serve.id, needs, serve.leaves, openly)
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
        def forget() -> None:
            self._holdings.forget(id_)
            for digest in self._seals.forget(id_):
                self._local.delete(digest)

        self._forget_lane.put(forget)

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
        super()._tell_outage(name, why)
        if why and name == "relay":
            log.warning("going on over the chain: requests that are posted there")
            self._relay.restart()
