"""What the chain port reads of courts, as long as they hold deals of this miner."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from suanli.chain import (
    BadAnswer,
    Block,
    ContractError,
    Court,
    CursorState,
    EventCursor,
    Market,
    NoContract,
    Node,
    Token,
    events,
)
from suanli.miner.core import Accused, CaseLook, ChallengeSeen, Observation, Purse
from suanli.protocol import CasePhase

MARGIN = 64
"""Blocks before the one at which a deal was seen confirmed: that one may have been undone."""


class CourtLooker:
    """Finds challenges by their events, and reads the cases. `node` is asked for events, `post`
    hears of challenges."""

    def __init__(self, node: Node, miner: str, post: Callable[[Observation], None]) -> None:
        self._node, self._miner, self._post = node, miner, post
        self._cursors: dict[str, tuple[int, EventCursor, CursorState]] = {}
        """By court: the first block that was read, the reader, and what follows."""
        self._found: dict[bytes, set[bytes]] = {}
        """By deal."""

    def is_new(self, accused: Mapping[bytes, Accused]) -> bool:
        """Whether a deal is among them whose cases were never looked for."""
        return bool(accused.keys() - self._found.keys())

    def read(
        self, now: int, head: Block, at: Market, accused: Mapping[bytes, Accused]
    ) -> tuple[dict[bytes, CaseLook], dict[str, Purse]]:
        """The cases about these deals, at a block, and what this miner has for their courts."""
        self._found = {deal: set(it.cases) for deal, it in accused.items()}
        cases: dict[bytes, CaseLook] = {}
        purses: dict[str, Purse] = {}
        for address in {it.court for it in accused.values()}:
            deals = {deal: it for deal, it in accused.items() if it.court == address}
            with suppress(ContractError, BadAnswer, NoContract):  # one that is none stops no deal
                self._find(now, head, address, deals)
                court = Court(at.node, address, at.block)
                looks = dict(self._looks(court, head, deals))
                cases |= looks
                if any(_moves_money(look) for look in looks.values()):
                    purses[address] = self._purse(at, court)
        return cases, purses

    def _find(self, now: int, head: Block, address: str, deals: Mapping[bytes, Accused]) -> None:
        first = max(min(it.since for it in deals.values()) - MARGIN, 0)
        known = self._cursors.get(address)
        if known is None or first < known[0]:
            only = (events.ChallengeFiled,)
            cursor = EventCursor(self._node, address, only)
            known = first, cursor, CursorState.from_block(first)
        begun, cursor, state = known
        while True:
            batch = cursor.read(state, head)
            for event in batch.events:
                if isinstance(event, events.ChallengeFiled) and event.request_id in deals:
                    self._challenged(now, address, event)
            self._cursors[address] = begun, cursor, batch.state
            if batch.caught_up or batch.state == state:
                return
            state = batch.state

    def _challenged(self, now: int, court: str, event: events.ChallengeFiled) -> None:
        if event.case_id not in self._found[event.request_id]:
            self._found[event.request_id].add(event.case_id)
            secret = secrets.token_bytes(32)
            of = (event.case_id, court, event.task, event.withheld, secret)
            self._post(ChallengeSeen(now, event.request_id, *of))

    def _looks(
        self, court: Court, head: Block, deals: Iterable[bytes]
    ) -> Iterator[tuple[bytes, CaseLook]]:
        for deal in deals:
            docket = court.docket_of(deal) if self._found[deal] else None
            for case in self._found[deal]:
                assert docket is not None
                status, appeal = court.case_of(case), 0
                if status.phase is CasePhase.DECIDED:
                    appeal = court.appeal_deposit_of(status.miner_id)
                yield case, CaseLook(status, docket, head.time, appeal)

    def _purse(self, at: Market, court: Court) -> Purse:
        token, me = Token(at.node, at.token(), at.block), self._miner
        account = at.miner_account(me)
        payout = account.payout if account is not None else me
        return Purse(
            court.account_of(me).available,
            token.balance_of(me),
            token.allowance(me, court.address),
            court.account_of(payout).available if payout != me else 0,
        )


def _moves_money(look: CaseLook) -> bool:
    return look.status.phase is CasePhase.DECIDED or look.status.phase.is_final
