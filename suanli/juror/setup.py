"""Finding a market's court, and taking seats in it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from suanli.chain import (
    ContractError,
    Court,
    CursorState,
    EventCursor,
    Market,
    NoContract,
    Sender,
    Token,
    caught_up,
    events,
)
from suanli.daemon import NotReady
from suanli.protocol import ZERO_ADDRESS

WAIT = 600.0
"""Seconds that one of these transactions may take."""


def find_court(market: Market) -> Court:
    """That of the newest terms that name one. Raises NotReady."""
    for _, terms in market.open_terms():
        if terms.court != ZERO_ADDRESS:
            return require_court(Court(market.node, terms.court), market)
    raise NotReady("no terms of this market name a court: there is nothing to judge")


def require_court(court: Court, market: Market) -> Court:
    """The court. Raises NotReady if it is none, or another market's."""
    try:
        served = court.market()
        court.capacity()  # its extension says a market, too, and a reward pool does
    except (ContractError, NoContract):
        raise NotReady(f"there is no court at {court.address}: correct the file (court)") from None
    if served.lower() != market.address:
        raise NotReady(
            f"the court {court.address} judges the market {served}, not {market.address}:"
            " correct the file (court)"
        )
    return court


@dataclass(frozen=True)
class SeatMeans:
    """Seats that stay, and what there is for more, in base units: in the court's account, and in
    the wallet. `stake`: of each."""

    seats: int
    available: int
    wallet: int
    stake: int

    @property
    def covered(self) -> int:
        """Seats that it can have in all."""
        return self.seats + (self.available + self.wallet) // self.stake

    def lacking(self, seats: int) -> int:
        """What is missing for so many seats in all, beyond all that there is."""
        return max((seats - self.seats) * self.stake - self.available - self.wallet, 0)


def seats_taken(court: Court, juror: str) -> set[int]:
    """Positions that this juror ever came to have, by the chain's events."""
    cursor = EventCursor(court.node, court.address, (events.SeatTaken,))
    start = CursorState.from_block(court.node.first_block_of(court.address))
    found: set[int] = set()
    for batch in caught_up(cursor, start):
        taken = (event for event in batch.events if isinstance(event, events.SeatTaken))
        found |= {event.position for event in taken if event.juror == juror}
    return found


def means_of(court: Court, token: Token, juror: str, positions: Collection[int]) -> SeatMeans:
    held = [court.seat_of(position) for position in positions]
    stays = sum(seat.juror == juror and not seat.until for seat in held)
    available = court.account_of(juror).available
    return SeatMeans(stays, available, token.balance_of(juror), court.rules().seat_stake)


def take_seats(
    court: Court,
    token: Token,
    sender: Sender,
    seats: int,
    positions: Collection[int],
    tell: Callable[[str], None],
) -> None:
    """As many as are covered, so that there are `seats` in all.

    Raises:
        NotReady: none is covered.
        ChainError: the chain is away, or refuses.
    """
    means = means_of(court, token, sender.address, positions)
    if lacking := means.lacking(seats):
        text = (
            f"tokens cover {means.covered} of {seats} seats, of {token.show(means.stake)} each:"
            f" send {sender.address} {token.show(lacking)} more (token {token.address})"
        )
        if not means.covered:
            raise NotReady(text)
        tell(text)
    more = min(seats, means.covered) - means.seats
    if more <= 0:
        return
    wanted = max(more * means.stake - means.available, 0)
    if wanted:
        if token.allowance(sender.address, court.address) < wanted:
            tell(f"approve {token.show(wanted)}")
            sender.execute(token.approve(court.address, wanted), timeout=WAIT)
        tell(f"deposit {token.show(wanted)}")
        sender.execute(court.deposit(wanted), timeout=WAIT)
    for _ in range(more):
        tell(f"take a seat, for a stake of {token.show(means.stake)}")
        sender.execute(court.join(), timeout=WAIT)
