"""What the daemon does beside the deals, for stake, offer and earnings: pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.miner import messages as m
from suanli.miner.asking import Share
from suanli.miner.judge import asked, gas_kept
from suanli.miner.messages import Act
from suanli.miner.records import CoreState, MarketView, Settings
from suanli.miner.staking import grows

RAISE_EVERY = 600
"""Seconds between two raises of an ask that follows the price: who moves the price up and down
must not have the miner spend its gas on it."""


def chores(state: CoreState, now: int) -> Iterator[m.Send]:
    """What is to be sent now."""
    view, settings = state.view, state.settings
    if view is None:
        return
    if state.draining:
        if view.offer.valid_until:
            yield m.Send(Act.WITHDRAW_OFFER, f"withdraw:{view.offer.valid_until}")
    elif not view.resource.retired and _can_pay(state, view):
        yield from _selling(view, settings, now)
    idle = state.draining and not state.live()
    if view.earnings > 0 and (view.earnings >= settings.collect_at or idle):
        yield m.Send(Act.COLLECT, f"collect:{now}")


def _can_pay(state: CoreState, view: MarketView) -> bool:
    """Whether what is sold next leaves the gas that the results of live deals take."""
    return view.gas is None or view.gas >= gas_kept(state, view, len(state.live()))


def _selling(view: MarketView, settings: Settings, now: int) -> Iterator[m.Send]:
    """Stake, and an offer of what is registered."""
    offer, aim = view.offer, min(settings.capacity, view.covered)
    if grows(offer.capacity, aim):
        yield m.SendStake(Act.STAKE, f"stake:{now}", b"", aim)
    sold = max(min(settings.capacity, offer.capacity), offer.reserved)
    ask = asked(view, settings)
    published = offer.valid_until - settings.offer_seconds
    follows = isinstance(settings.ask, Share) and offer.ask >= view.resource.floor
    if follows and ask > offer.ask and now < published + RAISE_EVERY:
        ask = offer.ask
    ends_soon = offer.valid_until - now < settings.offer_seconds // 2
    if sold and (ends_soon or (offer.published, offer.ask) != (sold, ask)):
        until = now + settings.offer_seconds
        yield m.SendPublish(Act.PUBLISH, f"publish:{sold}:{ask}:{until}", b"", sold, ask, until)
