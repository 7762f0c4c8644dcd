"""What stands on the chain of a deal's result, and whether a court can judge it."""

from __future__ import annotations

from suanli.client.run.core import observations as o
from suanli.protocol import State, Trial


def submitted_in(event: o.DealRead) -> tuple[bytes, int] | None:
    """Root and units of the result that stands on the chain."""
    deal = event.deal
    return (deal.root, deal.units_used) if deal is not None and any(deal.root) else None


def can_be_challenged(event: o.DealRead) -> bool:
    """Whether its result stands before a court, or may be brought before one."""
    deal = event.deal
    if deal is None or not event.court:
        return False
    return event.state in (State.SUBMITTED, State.CHALLENGED) and deal.trial is not Trial.REVEALED
