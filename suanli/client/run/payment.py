"""How a deal's money leaves it: paid for what was accepted, else brought back as soon as may be."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.base.text import plain
from suanli.chain import Block
from suanli.client.events import Event, Trouble
from suanli.client.ledger import Part, Stage
from suanli.client.run.context import Context
from suanli.protocol import Acceptance, Deal, Signed, State, payment
from suanli.relay import RelayError

TELL_AGAIN = 60.0
"""Seconds after which the relay is given an acceptance once more, should it have lost it."""
UNCOLLECTED = 86_400
"""Seconds after its deadline from which an accepted deal that its miner never collected may be
taken for a default, so that its money is not locked for ever."""


class Payments:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: dict[int, float] = {}
        """By part: when the relay was given its acceptance."""

    def settled(self, part: Part, deal: Deal, seen: Block) -> Event:
        return self._context.end(part, "settled", self._due(part, deal), "", seen)

    def advance(self, part: Part, state: State, deal: Deal, seen: Block) -> Iterator[Event]:
        """Bring a deal that is accepted, or submitted and not, nearer to its end."""
        context = self._context
        if state is State.CHALLENGED:
            self._close(part, deal, seen)
        elif part.stage is not Stage.ACCEPTED:
            if state is State.SETTLEABLE:
                self._settle(part, deal)
        elif state is State.OVERDUE and context.closing and seen.time > deal.time + UNCOLLECTED:
            self.claim_default(part, "its miner never collected")
        else:
            yield from self._pay(part, state in (State.SUBMITTED, State.SETTLEABLE))

    def claim_default(self, part: Part, why: str) -> None:
        context = self._context
        part = context.ledger.update(part, why=why)
        context.sent(context.market.claim_default(part.request), "default", part)

    def _settle(self, part: Part, deal: Deal) -> None:
        """Its window is over, so it will be paid all the same: have the rest back, if there is."""
        context = self._context
        rest = part.stage is Stage.REFUSED and self._due(part, deal) < part.lock
        if rest or context.closing:
            context.sent(context.market.settle(part.request), "settle", part)

    def _close(self, part: Part, deal: Deal, seen: Block) -> None:
        """A court that gives no verdict in time must not keep the money."""
        context = self._context
        terms = context.market.terms_of(part.request.terms)
        if seen.time > deal.time + terms.challenge_window + terms.verdict_by:
            part = context.ledger.update(part, why="the court gave no verdict in time")
            context.sent(context.market.close_without_fault(part.request), "close", part)

    def _pay(self, part: Part, submitted: bool) -> Iterator[Event]:
        """Give the miner the acceptance, or, if its result is on the chain, accept it there."""
        context = self._context
        if submitted:
            call = context.market.accept_result(part.request, part.root, part.units_used)
            if context.sent(call, "accept", part):
                return
        now = context.clock()
        told = now - self._told.get(part.number, -TELL_AGAIN) < TELL_AGAIN
        if context.relay is not None and not part.posted and not told:
            accepted = Acceptance(context.id_of(part), part.root, part.units_used)
            signed = Signed(accepted, part.request.requester, part.acceptance)
            try:
                context.relay.post(signed)
                self._told[part.number] = now
            except RelayError as error:
                yield Trouble(plain(str(error)))

    def _due(self, part: Part, deal: Deal) -> int:
        """Base units, fee included, that settling it pays."""
        request, context = part.request, self._context
        parted = payment(
            context.scale,
            units=request.units,
            bid=request.max_price,
            price=deal.price,
            # What was submitted with an acceptance is not stored.
            units_used=deal.units_used if any(deal.root) else part.units_used,
            fee_bps=context.market.terms_of(request.terms).fee_bps,
        )
        return parted.paid + parted.fee
