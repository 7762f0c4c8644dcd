"""The offers on the chain, joined with what their miners told the relay."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from suanli.chain import ContractError, CursorState, EventCursor, Market, events
from suanli.chain.contract import Contract
from suanli.client.plan import Candidate
from suanli.model import ZERO_ADDRESS
from suanli.relay import Notice, RelayClient


def from_relay(market: Market, relay: RelayClient, resource: int, now: int) -> list[Candidate]:
    """Offers of miners with a notice at the relay: only these see what is lodged there."""
    notices = [n for n in relay.notices(resource) if n.valid_until >= now]
    return _joined(market, resource, [(notice.miner, notice) for notice in notices])


def from_chain(market: Market, resource: int, start: int = 0) -> list[Candidate]:
    """Offers of all miners that registered from block `start` on; of their speed and runtime
    nothing is known."""
    cursor = EventCursor(
        market.node, market.address, only=(events.MinerRegistered, events.MinerSucceeded)
    )
    state, addresses = CursorState.from_block(start), dict[int, str]()
    while True:
        batch = cursor.read(state)
        state = batch.state
        for event in batch.events:
            if isinstance(event, events.MinerRegistered | events.MinerSucceeded):
                addresses[event.miner_id] = event.miner
        if batch.caught_up:
            return _joined(market, resource, [(miner, None) for miner in addresses.values()])


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
                    notice.units_per_second if notice else None,
                    notice.workers if notice else 1,
                    bytes.fromhex(notice.runtime[2:]) if notice else None,
                    status.completed,
                    status.defaulted,
                    status.overturned,
                    _is_verified(market, verifier, miner),
                )
            )
    return found


def _is_verified(market: Market, verifier: str, miner: str) -> bool:
    if verifier == ZERO_ADDRESS:
        return False
    contract = Contract(market.node, verifier, "MockIdentityVerifier")
    return bool(contract.read("isVerified", miner))
