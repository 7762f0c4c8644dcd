"""Whether a request is worth taking, and can be finished in time: pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suanli.base.amounts import show, show_price
from suanli.engine import show_runtime
from suanli.miner.core import resting, room
from suanli.miner.core.asking import ask_now
from suanli.miner.core.policy import requester_objection
from suanli.miner.core.reasons import STARTING, Reason
from suanli.miner.core.records import (
    ClassView,
    CoreState,
    MarketView,
    MinerDeal,
    Sale,
    Settings,
)
from suanli.miner.core.room import HANDED
from suanli.miner.core.stages import AT_WORK, Stage
from suanli.protocol import ZERO_ADDRESS, Kind, Request, Scale
from suanli.schedule import Pace

VERIFIED_ONLY = 1
DEAL_GAS = 600_000
"""Of confirming, submitting and settling, with room for a dear signature of a contract."""
GWEI = 10**9
ETHER_DECIMALS = 18
AHEAD = 1.0
"""Seconds of a worker for which more are handed to it, by worst case: what is short is done, kept
and written down many at a time."""
MOST_HANDED = 256
"""Tasks of a worker."""
TWIN, TWIN_REST = "twin", 1_800
"""Seconds without new deals after another daemon was seen at work with this account: the one that
goes on first keeps the others away."""


def sees_twin(state: CoreState, now: int) -> bool:
    """Whether another daemon was at work with this account a short time ago."""
    return bool(state.twin) and now < state.twin + TWIN_REST


def objection(state: CoreState, deal: MinerDeal, now: int) -> Reason | None:
    """Why this request is not taken now; None: it may be."""
    request, settings, view = deal.request, state.settings, state.view
    if (sale := settings.sale(request.resource)) is None:
        sold = ", ".join(str(sale.resource) for sale in settings.sales)
        return Reason("class", f"class {request.resource}; this miner sells {sold}")
    if request.miner not in (0, settings.miner_id):
        return Reason("miner", f"names another miner, number {request.miner}")
    if now + settings.reserve > request.confirm_by:
        left = max(request.confirm_by - now, 0)
        why = f"{left} s are left to confirm it, this miner keeps {settings.reserve} for the chain"
        return Reason("expired", f"{why}: allow longer (--confirm-within)")
    if (refused := requester_objection(settings.policy, request.requester)) is not None:
        return refused
    if state.draining:
        return Reason("draining", "this miner takes no new work", final=False)
    if (rests := resting.objection(state.rest, request, now)) is not None:
        return rests
    if sees_twin(state, now):
        final = state.twin + TWIN_REST >= request.confirm_by
        return Reason(TWIN, "another daemon works with this miner's account", final=final)
    if view is None:
        return Reason(STARTING, "the market was not read yet", final=False)
    seen = view.classes[request.resource]
    # What costs least to find out comes first: anybody can lodge thousands of requests.
    return (
        _terms_objection(view, seen, settings, request)
        or _identity_objection(view, seen, sale, request)
        or _price_objection(seen, sale, settings, request)
        or _money_objection(state, view, deal)
        or _gas_objection(state, view)
        or _machines_objection(settings)
        or _capacity_objection(state, seen, sale, deal)
        or room.objection(state, deal)
        or time_objection(state, deal, now)
    )


def _terms_objection(
    view: MarketView, seen: ClassView, settings: Settings, request: Request
) -> Reason | None:
    if seen.resource.kind is not Kind.JUDGED or seen.resource.retired:
        return Reason("class", f"class {request.resource} makes no deals (any more)")
    if request.runtime not in seen.runtimes:
        runs = ", ".join(map(show_runtime, seen.runtimes.values())) or "none of the class"
        text = f"names the class's runtime {request.runtime}; this miner runs {runs}"
        return Reason("runtime", text)
    if request.runtime in seen.suspended:
        id_ = seen.runtimes[request.runtime]
        name = show_runtime(id_)
        if id_ in settings.leaving:
            return Reason("runtime", f"this miner makes no new deals with {name} any more")
        text = f"class {request.resource} makes no new deals with {name}: a vote has suspended it"
        return Reason("runtime", text, final=False)
    terms = view.terms.get(request.terms)
    if request.terms > view.terms_count or request.terms == 0:
        return Reason("terms", f"there is no record {request.terms}")
    if terms is None:
        return Reason(STARTING, f"record {request.terms} was not read yet", final=False)
    if terms.retired:
        return Reason("terms", f"record {request.terms} is retired")
    if settings.court and terms.court == ZERO_ADDRESS:
        return Reason("terms", f"record {request.terms} has no court")
    if view.paused:
        return Reason("paused", "the market takes no new deals for now", final=False)
    return None


def _identity_objection(
    view: MarketView, seen: ClassView, sale: Sale, request: Request
) -> Reason | None:
    """By the verifier of its terms."""
    verifier, who = view.terms[request.terms].identity_verifier, request.requester
    if request.flags & VERIFIED_ONLY and verifier not in view.verifiers:
        return Reason("verified", "for miners with an attested identity only", final=False)
    wanted = sale.verified_only or seen.offer.verified_only
    if wanted and verifier not in view.known_by.get(who, ()):
        why = f"sells to requesters with an attested identity only, {who} has none for these terms"
        return Reason("verified", why, final=False)
    return None


def _price_objection(
    seen: ClassView, sale: Sale, settings: Settings, request: Request
) -> Reason | None:
    bid, floor = show_price(request.max_price), show_price(seen.resource.floor)
    if request.max_price < seen.resource.floor:
        return Reason("price", f"bid {bid} below the class's floor, {floor} tokens a unit")
    ask = max(asked(seen, sale), seen.offer.ask)
    if request.max_price < ask:
        return Reason("price", f"asks {show_price(ask)} tokens a unit, the bid is {bid}")
    if (most := _lock(request, settings)) < settings.least:
        pays, least = (show(amount, settings.decimals) for amount in (most, settings.least))
        return Reason("price", f"pays {pays} tokens at most, {least} are the least here")
    return None


def asked(seen: ClassView, sale: Sale) -> int:
    """The ask at this block's price."""
    return ask_now(sale.ask, seen.price, seen.resource.floor, seen.offer.ask)


def _lock(request: Request, settings: Settings) -> int:
    """Base units that the requester must have."""
    return Scale(settings.decimals).value_up(request.units, request.max_price)


def _money_objection(state: CoreState, view: MarketView, deal: MinerDeal) -> Reason | None:
    """Whether the requester can pay: before its data costs anything."""
    if not deal.lodged and not deal.signature:
        return None  # it was posted: its money is locked
    has = view.funds.get(deal.request.requester)
    if has is None:
        return Reason(STARTING, "the requester's account was not read yet", final=False)
    if has < (needed := _lock(deal.request, state.settings)):
        decimals = state.settings.decimals
        why = (
            f"{deal.request.requester} has {show(has, decimals)} tokens available in the market,"
            f" {show(needed, decimals)} are needed"
        )
        return Reason("money", why, final=False)
    return None


def gas_kept(state: CoreState, view: MarketView, deals: int) -> int:
    """Wei for handing in the results of so many deals, even if gas gets dearer."""
    return deals * DEAL_GAS * min(state.settings.max_fee, 4 * view.base_fee + 2 * GWEI)


def _gas_objection(state: CoreState, view: MarketView) -> Reason | None:
    """Whether the results of all deals can be handed in, even if gas gets dearer."""
    if view.gas is None:
        return None
    if view.gas < (needed := gas_kept(state, view, len(state.live()) + 1)):
        has, kept = show(view.gas, ETHER_DECIMALS), show(needed, ETHER_DECIMALS)
        why = f"this miner has {has} ether for gas, {kept} are kept for results"
        return Reason("gas", why, final=False)
    return None


def _machines_objection(settings: Settings) -> Reason | None:
    """Of a cluster, all machines may be lost."""
    if settings.workers and settings.speed:
        return None
    return Reason("machine", "none of this miner's machines is there now", final=False)


def _capacity_objection(
    state: CoreState, seen: ClassView, sale: Sale, deal: MinerDeal
) -> Reason | None:
    units, offer = deal.request.units, seen.offer
    most = min(sale.capacity, max(offer.capacity, seen.covered))
    if units > most:
        return Reason("capacity", f"{units} units; this miner sells {most}")
    if offer.valid_until == 0:
        return Reason(STARTING, "no offer is published yet", final=False)
    pending = sum(
        other.request.units
        for other in state.live()
        if other.stage is Stage.CONFIRMING and other.request.resource == sale.resource
    )
    free = max(offer.free - pending, 0)
    if units > free:
        return Reason("capacity", f"{units} units; {free} are free now", final=False)
    return None


@dataclass(frozen=True)
class Load:
    """What a deal asks of the workers: at most `units`, in tasks of `task_units`, by `deadline`."""

    units: int
    task_units: int
    deadline: int


def load_of(deal: MinerDeal, now: int) -> Load:
    """Of a deal that is not confirmed: as if it were, now."""
    units = deal.units_left
    longest = deal.work.task_units if deal.work else -(-units // deal.request.tasks)
    return Load(units, longest, deal.deadline or now + deal.request.duration)


def seconds_needed(load: Load, others: Iterable[Load], pace: Pace) -> float:
    """Until `load` is done at the latest: earlier deadlines first, and before them the tasks of
    less urgent deals that the workers were handed already."""
    others = list(others)
    urgent = sum(other.units for other in others if other.deadline <= load.deadline)
    less = [other for other in others if other.deadline > load.deadline and other.units]
    longest = max((other.task_units for other in less), default=0)
    each = max(HANDED * longest, AHEAD * pace.speed)
    handed = min(pace.workers * each, sum(other.units for other in less))
    return pace.seconds(urgent + handed + load.units, min(load.task_units, load.units))


def handed_out(task_units: int, pace: Pace) -> int:
    """How many tasks the workers are handed that have not ended."""
    each = max(HANDED, int(AHEAD * pace.speed / max(task_units, 1)))
    return pace.workers * min(each, MOST_HANDED)


def time_objection(state: CoreState, deal: MinerDeal, now: int) -> Reason | None:
    """Whether, with this deal, some deal would not be done in time, by worst case and margin."""
    pace = state.settings.pace
    new = load_of(deal, now)
    loads = [load_of(d, now) for d in state.live() if d.stage in AT_WORK and d is not deal]
    needed = _with_margin(new, loads, pace)
    if now + needed > new.deadline:
        alone = _with_margin(new, (), pace)
        why = (
            f"may need {needed:.0f} s ({alone:.0f} without the queue), {new.deadline - now} allowed"
        )
        never = now + alone > new.deadline and not state.settings.cluster
        return Reason("time", why, final=never)
    for index, load in enumerate(loads):
        others = loads[:index] + loads[index + 1 :]
        fits = now + _with_margin(load, others, pace) <= load.deadline
        # A deal that is late already is not made later, but one in time must stay so.
        if (fits or load.deadline >= new.deadline) and (
            now + _with_margin(load, [*others, new], pace) > load.deadline
        ):
            return Reason("time", "would make another deal late", final=False)
    return None


def _with_margin(load: Load, others: Iterable[Load], pace: Pace) -> float:
    return pace.allowed(seconds_needed(load, others, pace))
