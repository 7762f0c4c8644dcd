"""What the daemon does beside the deals, for stake, offers and earnings: pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.miner.core.asking import Share
from suanli.miner.core.instructions import (
    Act,
    Send,
    SendForClass,
    SendPublish,
    SendStake,
    SendUpdate,
)
from suanli.miner.core.judge import asked, gas_kept
from suanli.miner.core.pricing import update_due
from suanli.miner.core.records import ClassView, CoreState, MarketView, Sale, Settings
from suanli.miner.core.rewards import reward_step

RAISE_EVERY = 600
"""Seconds between two raises of an ask that follows the price: who moves the price up and down
must not have the miner spend its gas on it."""


def grows(capacity: int, aim: int) -> bool:
    """Whether the step from so many registered units is worth its gas: a percent at least."""
    return 100 * (aim - capacity) >= max(aim, 1)


def chores(state: CoreState, now: int) -> Iterator[Send]:
    """What is to be sent now."""
    view, settings = state.view, state.settings
    if view is None:
        return
    grown = False
    for resource, seen in view.classes.items():
        sale, until = settings.sale(resource), seen.offer.valid_until
        if state.draining and until:
            yield SendForClass(Act.WITHDRAW_OFFER, f"withdraw:{resource}:{until}", resource)
        elif sale and seen.deals and not state.draining and _can_pay(state, view):
            aim = min(sale.capacity, seen.covered)
            if not grown and grows(seen.offer.capacity, aim):
                grown = True  # one class after the other: they share what there is
                yield SendStake(Act.STAKE, f"stake:{resource}:{now}", resource, aim)
            yield from _offering(sale, seen, settings, now)
            yield from _updating(state, sale, seen, now)
    if _can_pay(state, view):
        yield from reward_step(state, now)
    idle = state.draining and not state.live()
    if view.earnings > 0 and (view.earnings >= settings.collect_at or idle):
        yield Send(Act.COLLECT, f"collect:{now}", waits=settings.together)


def _updating(state: CoreState, sale: Sale, seen: ClassView, now: int) -> Iterator[Send]:
    """A price that adapts and is behind."""
    last = state.tried.get((Act.UPDATE_PRICE, sale.resource))
    if seen.adaptive is not None and update_due(state, seen, last, now):
        key = f"update:{sale.resource}:{seen.adaptive.updated_at}"
        yield SendUpdate(Act.UPDATE_PRICE, key, sale.resource, seen.adaptive.model)


def _can_pay(state: CoreState, view: MarketView) -> bool:
    """Whether what is sold next leaves the gas that the results of live deals take."""
    return view.gas is None or view.gas >= gas_kept(state, view, len(state.live()))


def _offering(sale: Sale, seen: ClassView, settings: Settings, now: int) -> Iterator[Send]:
    """An offer of what is registered."""
    resource, offer = sale.resource, seen.offer
    if not sale.capacity:
        return  # no machine was there yet
    sold, ask = max(min(sale.capacity, offer.capacity), offer.reserved), asked(seen, sale)
    published = offer.valid_until - settings.offer_seconds
    follows = isinstance(sale.ask, Share) and offer.ask >= seen.resource.floor
    if follows and ask > offer.ask and now < published + RAISE_EVERY:
        ask = offer.ask
    ends_soon = offer.valid_until - now < settings.offer_seconds // 2
    present, wanted = (offer.published, offer.ask, offer.verified_only), sale.verified_only
    if sold and (ends_soon or present != (sold, ask, wanted)):
        until = now + settings.offer_seconds
        key = f"publish:{resource}:{sold}:{ask}:{until}"
        yield SendPublish(Act.PUBLISH, key, resource, sold, ask, until, wanted)
