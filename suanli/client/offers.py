"""The offers on the chain, joined with what their miners told the relay."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from suanli.chain import ContractError, CursorState, EventCursor, Market, RpcError, events
from suanli.chain.contract import Contract
from suanli.client.plan import Candidate
from suanli.model import ZERO_ADDRESS
from suanli.relay import Notice, RelayClient
from suanli.schedule import Pace


def from_relay(market: Market, relay: RelayClient, resource: int, now: int) -> list[Candidate]:
    """Offers of miners with a notice at the relay: only these see what is lodged there."""
    notices = [n for n in relay.notices(resource) if n.valid_until >= now]
    return _joined(market, resource, [(notice.miner, notice) for notice in notices])


class Registered:
    """Offers of all miners that registered; of their speed and runtime nothing is known.

    Each look reads on where the last one ended. The first begins where the market was deployed,
    which takes a node that remembers old blocks' state; with another one it begins at block 0.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        told = (events.MinerRegistered, events.MinerSucceeded)
        self._cursor = EventCursor(market.node, market.address, only=told)
        self._state: CursorState | None = None
        self._addresses: dict[int, str] = {}

    def offers(self, resource: int) -> list[Candidate]:
        state = self._state or CursorState.from_block(_first_block(self._market))
        while True:
            batch = self._cursor.read(state)
            for event in batch.events:
                if isinstance(event, events.MinerRegistered | events.MinerSucceeded):
                    self._addresses[event.miner_id] = event.miner
            self._state = state = batch.state
            if batch.caught_up:
                miners = self._addresses.values()
                return _joined(self._market, resource, [(miner, None) for miner in miners])


def _first_block(market: Market) -> int:
    """The first that holds the market's code, by halving."""
    first, last = 0, market.node.head().number
    try:
        while first < last:
            middle = (first + last) // 2
            if market.node.code(market.address, middle):
                last = middle
            else:
                first = middle + 1
    except RpcError:
        return 0
    return first


def _joined(
    market: Market, resource: int, miners: Iterable[tuple[str, Notice | None]]
) -> list[Candidate]:
    verifier = market.identity_verifier()
    found = []
    for miner, notice in sorted(dict(miners).items()):
        with suppress(ContractError):  # not registered: a notice without an offer
            offer, status = market.offer_of(miner, resource), market.miner_status(miner)
            if not offer.published and not offer.valid_until:
                continue
            found.append(
                Candidate(
                    miner,
                    offer.ask,
                    offer.free,
                    offer.valid_until,
                    pace=_pace(notice) if notice else None,
                    owed=offer.reserved,
                    runtime=bytes.fromhex(notice.runtime[2:]) if notice else None,
                    completed=status.completed,
                    defaulted=status.defaulted,
                    overturned=status.overturned,
                    verified=_is_verified(market, verifier, miner),
                )
            )
    return found


def _pace(notice: Notice) -> Pace | None:
    if not notice.units_per_second:
        return None
    return Pace(notice.workers, notice.units_per_second, notice.margin, notice.reserve)


def _is_verified(market: Market, verifier: str, miner: str) -> bool:
    if verifier == ZERO_ADDRESS:
        return False
    contract = Contract(market.node, verifier, "MockIdentityVerifier")
    return bool(contract.read("isVerified", miner))
