"""What the daemon does beside the deals, for stake, offer and earnings: pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.miner import messages as m
from suanli.miner.judge import asked
from suanli.miner.messages import Act
from suanli.miner.records import CoreState, MarketView, Settings
from suanli.miner.staking import grows


def chores(state: CoreState, now: int) -> Iterator[m.Send]:
    """What is to be sent now."""
    view, settings = state.view, state.settings
    if view is None:
        return
    if state.draining:
        if view.offer.valid_until:
            yield m.Send(Act.WITHDRAW_OFFER, f"withdraw:{view.offer.valid_until}")
    elif not view.resource.retired:
        yield from _selling(view, settings, now)
    idle = state.draining and not state.live()
    if view.earnings > 0 and (view.earnings >= settings.collect_at or idle):
        yield m.Send(Act.COLLECT, f"collect:{now}")


def _selling(view: MarketView, settings: Settings, now: int) -> Iterator[m.Send]:
    """Stake, and an offer of what is registered."""
    offer, aim = view.offer, min(settings.capacity, view.covered)
    if grows(offer.capacity, aim):
        yield m.SendStake(Act.STAKE, f"stake:{now}", b"", aim)
    sold, ask = max(min(settings.capacity, offer.capacity), offer.reserved), asked(view, settings)
    ends_soon = offer.valid_until - now < settings.offer_seconds // 2
    if sold and (ends_soon or (offer.published, offer.ask) != (sold, ask)):
        until = now + settings.offer_seconds
        yield m.SendPublish(Act.PUBLISH, f"publish:{sold}:{ask}:{until}", b"", sold, ask, until)
