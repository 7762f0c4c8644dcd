"""The daemon around the core: what its ports hear goes in, what comes out is done."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.base.database import DatabaseFailed
from suanli.chain import ChainError, Court, CursorState, Market, Sender
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import OUTAGES, ChainClock, Fact, Inbox, Lanes, clock
from suanli.engine import Tracers
from suanli.juror import core as c
from suanli.juror.evidence import Evidence
from suanli.juror.journal import LEAVING, Assessed, Filed, Found, FrozenDeal, JurorJournal
from suanli.juror.looking import CourtPort
from suanli.protocol import Claim
from suanli.store import Store
from suanli.verify import DataMissing, NotRunnable

log = logging.getLogger("suanli.juror")
WRITE_AGAIN = 5.0
"""Seconds between tries to write the journal."""
STATUS_EVERY = 3.0
"""Seconds between notes for `status`."""
DEPTH = 2
"""Blocks for which votes are shown only after the last commitment, but on local chains."""
Item = c.JurorObservation | Fact | Found
"""What ports hand in; facts and challenges are written down with the observations before them."""


@dataclass
class JurorServices:
    """All that the daemon reaches outside. `claims`: what miners say of a request's result."""

    market: Market
    court: Court
    sender: Sender
    executors: Tracers
    stores: Sequence[Store]
    claims: Callable[[bytes], Sequence[Claim]]


class JurorDaemon:
    """`run` until `stop` is called or all seats are left; or step the `lanes`, then `work`."""

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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.services = settings, services
        self.journal = JurorJournal.of_folder(folder)
        self.core = c.JurorCore(self.journal.load(settings))
        self.inbox: Inbox[Item] = Inbox()
        self._wall, self._monotonic = wall, monotonic
        self._stop, self._left = threading.Event(), False
        self._local = services.market.domain.chain_id in LOCAL_CHAINS
        self._clock = ChainClock(self._local, wall, monotonic)
        self.away: dict[str, str] = {}
        self.troubles: dict[str, str] = {}
        self._started, self._noted = wall(), float("-inf")
        self._told: dict[c.BallotId, c.BallotStage] = {}
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
        self._lanes = Lanes(self._tell_outage, self.inbox.put, self._monotonic)
        self.lanes = self._lanes.all
        self._chain_lane = self._lanes.make("chain", OUTAGES, lambda: self._chain.poll(), poll)
        self._chain = CourtPort(
            services.market,
            services.court,
            services.sender,
            None if saved is None else CursorState.from_json(saved),
            self.journal.fact("positions") or (),
            deal_of=self.journal.deal_of,
            depth=0 if self._local else DEPTH,
            clock=self._clock,
            post=self.inbox.put,
            note=lambda name, value: self.inbox.put(Fact(name, value)),
            trouble=self._trouble,
            say=lambda text: log.info("%s", text),
            monotonic=self._monotonic,
            wall=self._wall,
        )

    # Running

    def run(self) -> bool:
        """Whether it ended because all seats are left. Raises what ended a lane."""
        self.begin()
        self._lanes.start()
        log.info("ready: %s", self.settings.juror)
        try:
            while not self._stop.is_set():
                self.work(timeout=0.5)
        finally:
            self.stop()
            self._cases.shutdown(wait=False, cancel_futures=True)
            self._lanes.end()
            self.work(timeout=0)  # what was done meanwhile need not be done again
            self.journal.close()
        return self._left

    def stop(self) -> None:
        """From any thread or signal handler."""
        self._stop.set()

    def begin(self) -> None:
        """Forget what no case needs."""
        self._evidence.tidy(set(self.core.state.watched))
        self._chain.watch = frozenset(self.core.state.watched)

    def work(self, timeout: float) -> None:
        """Take what has come, write it down, act."""
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
            self._tell(changes)
            self._chain.watch = frozenset(self.core.state.watched)
            for instruction in instructions:
                self._act(instruction)
        self._note_status()

    def _written(self, write: Callable[[], None]) -> None:
        """Try until it is on the disk: before that nothing may be done."""
        while True:
            try:
                write()
            except DatabaseFailed as error:
                if "journal" not in self.away:
                    self._tell_outage("journal", str(error))
                if self._stop.wait(WRITE_AGAIN):
                    raise
            else:
                if "journal" in self.away:
                    self._tell_outage("journal", "")
                return

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
                self._trouble("error", instruction.text)
            case c.LeaveCourt():
                self._left = True
                self._stop.set()

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

    # Telling

    def _tell(self, changes: c.JurorChanges) -> None:
        """Log what a ballot has come to, once."""
        for id_, ballot in changes.ballots.items():
            if ballot.stage != self._told.get(id_):
                self._told[id_] = ballot.stage
                why = f" ({ballot.reason})" if ballot.reason else ""
                log.info("0x%s, round %d: %s%s", id_.case.hex()[:8], id_.round, ballot.stage, why)
        for id_ in changes.forgotten:
            self._told.pop(id_, None)

    def _tell_outage(self, name: str, why: str) -> None:
        if why:
            log.warning("%s is away: %s", name, why)
            self.away[name] = why
        else:
            log.info("%s is back", name)
            self.away.pop(name, None)
        self._noted = float("-inf")

    def _trouble(self, act: str, why: str) -> None:
        """What keeps an act from being done; "" once it is."""
        if why and act not in self.troubles:  # amounts in it may change all the time
            log.warning("%s: %s", act, why)
        if why:
            self.troubles[act] = why
        else:
            self.troubles.pop(act, None)

    def _note_status(self) -> None:
        if self._monotonic() < self._noted + STATUS_EVERY:
            return
        self._noted = self._monotonic()
        ahead = None if self._local else self._chain.ahead
        self._trouble("clock", clock.trouble(None, ahead))
        view = self.core.state.view
        if view is not None and not self.core.state.leaving:
            stays = sum(not seat.until for seat in view.seats.values())
            few = f"{stays} of {self.settings.seats} can be drawn: start again to take others"
            self._trouble("seats", few if stays < self.settings.seats else "")
        note: dict[str, Any] = {
            "pid": os.getpid(),
            "started": self._started,
            "noted": self._wall(),
            "juror": self.settings.juror,
            "decimals": self.settings.decimals,
            "away": dict(self.away),
            "troubles": dict(self.troubles),
        }
        if view is not None:
            note["available"], note["wei"] = str(view.credit), str(view.gas)
            note["seats"] = [
                {"position": at, **seat._asdict()} for at, seat in sorted(view.seats.items())
            ]
        with suppress(DatabaseFailed):  # a full disk: what must be written tells of it
            self.journal.note(status=note)
