"""What stands on the chain of a deal's result, and whether a court can judge it."""

from __future__ import annotations

from suanli.client.run.core import observations as o
from suanli.protocol import State, Trial


def submitted_in(event: o.DealRead) -> tuple[bytes, int] | None:
    """Root and units of the result that stands on the chain."""
    deal = event.deal
    return (deal.root, deal.units_used) if deal is not None and any(deal.root) else None


def can_be_challenged(event: o.DealRead) -> bool:
    """Whether its result stands before a court, or may be brought before one: the court says until
    when, whatever was revealed in other cases."""
    return event.court and event.state in (State.SUBMITTED, State.CHALLENGED)


def is_for_court_alone(event: o.DealRead) -> bool:
    """Whether an acceptance would end no trial any more, or pay what a court has taken away."""
    deal = event.deal
    if deal is None or event.state in (State.SETTLED, State.OVERTURNED):
        return deal is not None
    return deal.trial is Trial.REVEALED or deal.units_paid < deal.units_used
