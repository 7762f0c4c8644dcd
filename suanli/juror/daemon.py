"""The daemon around the core: what its ports hear goes in, what comes out is done."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.chain import ChainError, Court, CursorState, Market, Sender
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import OUTAGES, DaemonLoop, Fact
from suanli.daemon.clock import steady
from suanli.engine import Tracers
from suanli.juror import core as c
from suanli.juror.evidence import Evidence
from suanli.juror.journal import LEAVING, Assessed, Filed, Found, FrozenDeal, JurorJournal
from suanli.juror.looking import CourtPort
from suanli.juror.runtimes import SUSPENDED
from suanli.juror.telling import JurorTeller
from suanli.protocol import Claim
from suanli.store import Store
from suanli.verify import DataMissing, NotRunnable

log = logging.getLogger("suanli.juror")
DEPTH = 2
"""Blocks for which votes are shown only after the last commitment, but on local chains."""
Heard = c.JurorObservation | Found
"""Challenges are written down with the observations before them."""


@dataclass
class JurorServices:
    """All that the daemon reaches outside. `claims`: what miners say of a request's result."""

    market: Market
    court: Court
    sender: Sender
    executors: Tracers
    stores: Sequence[Store]
    claims: Callable[[bytes], Sequence[Claim]]


class JurorDaemon(DaemonLoop[Heard]):
    """It ends by itself when all seats are left."""

    journal: JurorJournal
    teller: JurorTeller

    def __init__(
        self,
        settings: c.JurorSettings,
        services: JurorServices,
        folder: Path,
        *,
        poll: float = 1.0,
        workers: int = 1,
        most_input: int = 4 << 30,
        most_bytes: int = 8 << 30,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = steady,
    ) -> None:
        self._local = services.market.domain.chain_id in LOCAL_CHAINS
        who = "juror", settings.juror, settings.decimals
        teller = JurorTeller(log, *who, wall, monotonic, self._local)
        super().__init__(JurorJournal.of_folder(folder), teller, self._local, wall, monotonic)
        self.settings, self.services = settings, services
        self.core = c.JurorCore(self.journal.load(settings))
        self._cases = ThreadPoolExecutor(workers, "case")
        self._evidence = Evidence(
            folder / "cases",
            services.stores,
            services.claims,
            lambda resource, index: services.market.runtimes_of(resource)[index],
            services.executors,
            most_input=most_input,
            most_bytes=most_bytes,
        )
        self._make_chain(poll)

    def _make_chain(self, poll: float) -> None:
        services, saved = self.services, self.journal.fact("cursor")
        self._chain_lane = self._lanes.make("chain", OUTAGES, lambda: self._chain.poll(), poll)
        self._chain = CourtPort(
            services.market,
            services.court,
            services.sender,
            None if saved is None else CursorState.from_json(saved),
            self.journal.fact("positions") or (),
            suspended=self.journal.fact(SUSPENDED),
            deal_of=self.journal.deal_of,
            depth=0 if self._local else DEPTH,
            clock=self._clock,
            post=self.inbox.put,
            note=self._note,
            trouble=self.teller.trouble,
            say=lambda text: log.info("%s", text),
            monotonic=self._monotonic,
            wall=self._wall,
        )

    # Running

    def begin(self) -> None:
        self._evidence.tidy(set(self.core.state.watched))
        self._chain.watch = frozenset(self.core.state.watched)

    def work(self, timeout: float) -> None:
        items = self.inbox.take(timeout)
        leaving = bool(self.journal.fact(LEAVING))
        if leaving != self.core.state.leaving:
            items.append(c.LeaveAsked(self._clock.now(), leaving))
        instructions: list[c.JurorInstruction] = []
        facts: dict[str, Any] = {}
        found: list[Found] = []
        for item in items:
            match item:
                case Fact():
                    facts[item.name] = item.value
                case Filed() | FrozenDeal() | Assessed():
                    found.append(item)
                case _:
                    instructions += self.core.step(item)
        if items:
            changes = self.core.take_changes()
            self._written(lambda: self.journal.save(changes, found, **facts))
            self.teller.tell_changes(changes)
            self._chain.watch = frozenset(self.core.state.watched)
            for instruction in instructions:
                self._act(instruction)
        self._note_status(self.teller.status(self.core.state, self._chain.ahead))

    def _give_up(self) -> None:
        self._cases.shutdown(wait=False, cancel_futures=True)

    # Instructions

    def _act(self, instruction: c.JurorInstruction) -> None:
        match instruction:
            case c.SendToCourt():
                self._chain_lane.put(lambda: self._chain.want(instruction))
            case c.Judge():
                if not self._stop.is_set():
                    self._cases.submit(self._judge, instruction)
            case c.ForgetCase():
                self._evidence.forget(instruction.case)
            case c.JurorAlarm():
                self.teller.alarm(instruction.text)
            case c.LeaveCourt():
                self._finish()

    def _judge(self, judge: c.Judge) -> None:
        """In a thread of its own. Nothing that strangers may send ends the daemon."""
        salt = secrets.token_bytes(32)
        seconds = judge.until - self._clock.now()
        found: c.Judged | c.NotJudged
        try:
            vote = self._evidence.vote_on(judge.id.case, judge.dispute, float(seconds))
            found = c.Judged(self._clock.now(), judge.id, judge.dispute.nonce, vote, salt)
        except DataMissing as error:
            found = self._failed(judge, c.Obstacle.DATA, str(error), salt)
        except (NotRunnable, ChainError) as error:
            found = self._failed(judge, c.Obstacle.MACHINE, str(error), salt)
        except Exception as error:
            log.exception("case 0x%s can't be judged", judge.id.case.hex()[:8])
            found = self._failed(judge, c.Obstacle.MACHINE, type(error).__name__, salt)
        self.inbox.put(found)

    def _failed(self, judge: c.Judge, what: c.Obstacle, why: str, salt: bytes) -> c.NotJudged:
        return c.NotJudged(self._clock.now(), judge.id, what, why[:500], salt)
