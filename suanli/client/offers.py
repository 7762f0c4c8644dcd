"""The offers on the chain, joined with what their miners told the relay.

`verifier`: that of the terms, which says whose identity is attested; without one it is not asked
and everybody counts as verified.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from suanli.chain import (
    ContractError,
    CursorState,
    EventBatch,
    EventCursor,
    IdentityVerifier,
    Market,
    caught_up,
    events,
)
from suanli.client.plan import Candidate
from suanli.protocol import Announcement, InvalidMessage
from suanli.relay import Relays
from suanli.reputation import MinerRecords
from suanli.schedule import Pace


def from_relay(
    market: Market,
    relay: Relays,
    resource: int,
    now: int,
    verifier: IdentityVerifier | None = None,
    heard: Callable[[Announcement], None] = lambda made: None,
) -> list[Candidate]:
    """Offers of miners that are announced at the relay: only these see what is lodged there."""
    announced = [made for made in relay.announcements(resource) if made.valid_until >= now]
    for made in announced:
        heard(made)
    miners = [(made.miner, made) for made in announced]
    return _joined(market, resource, miners, verifier)


def with_records(found: Iterable[Candidate], records: MinerRecords | None) -> list[Candidate]:
    """The same with what the chain's logs say of their miners; None: these are not read."""
    return [replace(c, record=None if records is None else records[c.number]) for c in found]


class Registered:
    """Offers of all miners that registered; of their speed and runtime nothing is known.

    Each look reads on where the last one ended, that of an earlier command included, which left it
    in `file`. The first begins where the market was deployed, which takes a node that remembers old
    blocks' state; with another one it begins at block 0.
    """

    @classmethod
    def of(cls, market: Market, state: Path) -> Registered:
        """With its file in the folder of jobs."""
        state.mkdir(parents=True, exist_ok=True)
        return cls(market, state / f"miners-{market.domain.chain_id}-{market.address}.json")

    def __init__(self, market: Market, file: Path) -> None:
        self._market, self._file = market, file
        told = (events.MinerRegistered, events.MinerSucceeded)
        self._cursor = EventCursor(market.node, market.address, only=told)
        self._state: CursorState | None = None
        self._told: list[tuple[int, int, str]] = []
        """Block, miner and its address, in order."""

    def offers(self, resource: int, verifier: IdentityVerifier | None = None) -> list[Candidate]:
        if self._state is None:
            self._load()
        state = self._state or CursorState.from_block(
            self._market.node.first_block_of(self._market.address)
        )
        for batch in caught_up(self._cursor, state):
            self._take(batch)
        miners = {id_: miner for _, id_, miner in self._told}
        found = [(miner, None) for miner in miners.values()]
        return _joined(self._market, resource, found, verifier)

    def _take(self, batch: EventBatch) -> None:
        if (last := batch.rolled_back_to) is not None:
            self._told = [told for told in self._told if told[0] <= last]
        for event in batch.events:
            if isinstance(event, events.MinerRegistered | events.MinerSucceeded):
                self._told.append((event.at.block, event.miner_id, event.miner))
        if batch.state != self._state:
            self._state = batch.state
            self._save(batch.state)

    def _load(self) -> None:
        """What is damaged is read anew from the chain."""
        try:
            found = json.loads(self._file.read_text())
            told = [(int(at), int(id_), str(who)) for at, id_, who in found["miners"]]
            self._state, self._told = CursorState.from_json(found["cursor"]), told
        except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidMessage):
            self._state, self._told = None, []

    def _save(self, state: CursorState) -> None:
        draft = self._file.with_suffix(f".{os.getpid()}.new")
        with suppress(OSError):  # it is read again next time
            draft.write_text(json.dumps({"cursor": state.to_json(), "miners": self._told}))
            draft.replace(self._file)


def _joined(
    market: Market,
    resource: int,
    miners: Iterable[tuple[str, Announcement | None]],
    verifier: IdentityVerifier | None,
) -> list[Candidate]:
    found = []
    for miner, announced in sorted(dict(miners).items()):
        with suppress(ContractError):  # not registered: announced without an offer
            offer, status = market.offer_of(miner, resource), market.miner_status(miner)
            account = market.miner_account(miner)
            if account is None or not (offer.published or offer.valid_until):
                continue
            number, tenure = account.miner_id, status.tenure
            found.append(
                Candidate(
                    miner,
                    offer.ask,
                    offer.free,
                    offer.valid_until,
                    pace=_pace(announced) if announced else None,
                    owed=offer.reserved,
                    runtimes=announced.runtimes if announced else (),
                    completed=status.completed,
                    defaulted=status.defaulted,
                    overturned=status.overturned,
                    verified=verifier is None or verifier.knows_miner(number, tenure),
                    verified_only=offer.verified_only,
                    number=number,
                    programs=announced.programs if announced else (),
                    compile_rate=announced.compile_rate if announced else 0,
                    public_key=announced.public_key if announced else b"",
                )
            )
    return found


def _pace(announced: Announcement) -> Pace | None:
    if not announced.units_per_second:
        return None
    return Pace(announced.workers, announced.units_per_second, announced.margin, announced.reserve)
