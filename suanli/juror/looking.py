"""The chain port: what the daemon reads of the court, and its way out. All methods run in its
lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from suanli.chain import (
    Block,
    Court,
    CursorState,
    Event,
    EventCursor,
    Market,
    Node,
    ReadsAhead,
    Sender,
    events,
)
from suanli.daemon import ChainClock
from suanli.juror.core import (
    CaseSeen,
    CourtRead,
    CourtView,
    Dispute,
    Drawn,
    JurorObservation,
    PlaceSeen,
    SeatSeen,
    SendToCourt,
    TimeWent,
)
from suanli.juror.journal import Assessed, Filed, Found, FrozenDeal
from suanli.juror.runtimes import RuntimeLooker
from suanli.juror.sending import CourtOutbox
from suanli.protocol import CasePhase, CaseStatus

READ = (
    events.DealFrozen,
    events.ChallengeFiled,
    events.JurorDrawn,
    events.JurorAssessed,
    events.SeatTaken,
    events.SeatVacated,
)
IDLE = 10.0
"""Seconds between looks at the chain while there is nothing to do."""
READING = 2.0
"""Seconds of reading old events after which the rest waits for the next look."""
EVENTS = "events"
SEIZED = 2
"""In place of a vote that somebody showed before the reveals: the seat is lost."""
BALLOT = frozenset({CasePhase.VOTING, CasePhase.SHOWING, CasePhase.REVEALING})


class CourtPort:
    """`post` takes observations, challenges and frozen deals; `note` facts that are written down
    with the observations before them. `deal_of` finds what of these was written down. `depth`:
    blocks for which a case must have been in Revealing before a vote is shown. `positions`: of the
    juror's seats, as known; `cursor` None: nothing was read yet. `suspended`: see
    `RuntimeLooker`."""

    def __init__(
        self,
        market: Market,
        court: Court,
        sender: Sender,
        cursor: CursorState | None,
        positions: Sequence[int],
        *,
        suspended: Mapping[str, int] | None = None,
        deal_of: Callable[[bytes], FrozenDeal | None],
        depth: int,
        clock: ChainClock,
        post: Callable[[JurorObservation | Found], None],
        note: Callable[[str, Any], None],
        trouble: Callable[[str, str], None] = lambda act, why: None,
        say: Callable[[str], None] = lambda text: None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._node, self._juror = court.node, sender.address
        self._reads = ReadsAhead(court.node.transport, monotonic)
        ahead = Node(self._reads)
        self._court, self._market = Court(ahead, court.address), Market(ahead, market.address)
        self._cursor, self._positions = cursor, set(positions)
        self._reader = EventCursor(court.node, court.address, READ)
        self._outbox = CourtOutbox(
            court,
            sender,
            now=clock.now,
            post=post,
            trouble=trouble,
            say=say,
            acted=self._look_again,
            monotonic=monotonic,
        )
        self._deal_of, self._depth, self._clock = deal_of, depth, clock
        self._post, self._note, self._trouble, self._say = post, note, trouble, say
        self._monotonic, self._wall = monotonic, wall
        self._runtimes = RuntimeLooker(note, suspended, monotonic)
        self.watch: Set[bytes] = frozenset()
        """Cases that the core wants to know of."""
        self._found: set[bytes] = set()
        # What may not be written down yet.
        self._filed: dict[bytes, bytes] = {}
        self._deals: dict[bytes, FrozenDeal] = {}
        self._head, self._behind, self._unread = b"", True, True
        self._asked = float("-inf")
        self.ahead: float | None = None
        """Seconds by which the chain's newest block was ahead of this machine's clock."""

    def want(self, send: SendToCourt) -> None:
        """Send it, and follow it with each poll."""
        self._outbox.want(send)

    def poll(self) -> None:
        """Look once: new blocks, the cases, the transactions. Where nothing is under way, now and
        then only: hosted nodes count what they are asked."""
        if not self._is_due():
            self._post(TimeWent(self._clock.now()))
            return
        head = self._node.head()
        self._clock.saw(head)
        if head.hash != self._head:
            self.ahead, self._unread = head.time - self._wall(), True
        if self._unread or self._behind:
            self._read_events(head)
            self._look(head)
            self._runtimes.look(self._market.at(head.number), self._clock.now())
            self._head, self._unread = head.hash, False
        else:
            self._post(TimeWent(self._clock.now()))
        self._asked = self._monotonic()
        self._outbox.push()

    def _is_due(self) -> bool:
        busy = self.watch or self._found or self._outbox.busy or self._behind or self._unread
        return bool(busy) or self._monotonic() >= self._asked + IDLE

    def _look_again(self) -> None:
        """Something was done: its effect must not wait for a block."""
        self._unread = True

    # Events

    def _read_events(self, head: Block) -> None:
        if self._cursor is None:
            first = self._node.first_block_of(self._court.address)
            self._cursor = CursorState.from_block(first)
        ends = self._monotonic() + READING
        self._behind = True
        known: Block | None = head
        while self._behind:
            batch = self._reader.read(self._cursor, known)
            for event in batch.events:
                self._take(event)
            if batch.state != self._cursor:
                self._cursor = batch.state
                self._note("cursor", batch.state.to_json())
            else:
                known = None  # the newest block may have been undone since
            self._behind = not batch.caught_up
            if self._behind and self._monotonic() >= ends:
                left = head.number - self._cursor.following + 1
                self._trouble(EVENTS, f"{left:,} blocks are still to be read for cases")
                return
        self._trouble(EVENTS, "")

    def _take(self, event: Event) -> None:
        match event:
            case events.DealFrozen():
                self._deals[event.request_id] = FrozenDeal(event.request_id, event.request)
                self._post(self._deals[event.request_id])
            case events.ChallengeFiled():
                self._filed[event.case_id] = event.request_id
                self._post(Filed(event.case_id, event.request_id))
            case events.JurorDrawn(juror=self._juror):
                self._seat(event.position)
                self._found.add(event.case_id)
                self._post(Drawn(self._clock.now(), event.case_id))
            case events.SeatTaken(juror=self._juror):
                self._seat(event.position)
            case events.SeatVacated(juror=self._juror):
                # By events alone: a node that is behind does not know seats that are there.
                self._positions.discard(event.position)
                self._note("positions", sorted(self._positions))
            case events.JurorAssessed() if event.position in self._positions:
                self._post(
                    Assessed(event.case_id, event.position, event.assessment, event.at.block)
                )
                self._say(f"0x{event.case_id.hex()[:8]}: {event.assessment.name.lower()}")

    def _seat(self, position: int) -> None:
        if position not in self._positions:
            self._positions.add(position)
            self._note("positions", sorted(self._positions))

    # Views

    def _look(self, head: Block) -> None:
        self._reads.turn(head.number)
        court, market = self._court.at(head.number), self._market.at(head.number)
        seats = {position: court.seat_of(position) for position in sorted(self._positions)}
        own = {position for position, seat in seats.items() if seat.juror == self._juror}
        view = CourtView(
            head.number,
            court.account_of(self._juror).available,
            court.node.balance(self._juror),
            {at: SeatSeen(seats[at].since, seats[at].until, seats[at].sitting) for at in own},
        )
        wanted = self.watch | self._found
        cases = {case: self._case(court, market, head, case, own) for case in wanted}
        self._found -= self.watch
        self._post(CourtRead(self._clock.now(), view, cases))
        if not self._found:
            self._filed, self._deals = {}, {}

    def _case(
        self, court: Court, market: Market, head: Block, case: bytes, own: Set[int]
    ) -> CaseSeen:
        status = court.case_of(case)
        voting = status.phase in BALLOT
        drawn = status.phase >= CasePhase.VOTING
        places = self._places(court, case, status, own) if drawn else {}
        settled = True
        if status.phase is CasePhase.REVEALING and self._depth:
            earlier = self._court.at(max(head.number - self._depth, 1)).case_of(case)
            settled = _ballot(earlier) == _ballot(status)
        return CaseSeen(
            status.phase,
            status.deadline,
            status.round,
            status.second,
            places,
            None if status.phase.is_final else self._dispute(court, market, case, status, voting),
            settled,
        )

    def _places(
        self, court: Court, case: bytes, status: CaseStatus, own: Set[int]
    ) -> dict[int, PlaceSeen]:
        found = {}
        for index, position in enumerate(court.seats_of(case, status.round)):
            if position in own:
                vote = court.vote_of(case, status.round, status.second, index)
                if int.from_bytes(vote) == SEIZED:
                    continue
                revealed = bool(vote[-1] & 1)
                hidden = any(vote) and not revealed
                found[index] = PlaceSeen(vote if hidden else b"", revealed)
        return found

    def _dispute(
        self, court: Court, market: Market, case: bytes, status: CaseStatus, voting: bool
    ) -> Dispute | None:
        frozen = self._deal_of(case) or self._deals.get(self._filed.get(case, b""))
        if frozen is None:
            return None
        deal = market.deal_of(frozen.id)
        return Dispute(
            frozen.id,
            frozen.request,
            deal.root,
            deal.units_used,
            status.task,
            status.withheld,
            court.nonce_of(case) if voting else b"",
            market.miner_of(deal.miner_id),
        )


def _ballot(status: CaseStatus) -> tuple[CasePhase, int, bool]:
    return status.phase, status.round, status.second
