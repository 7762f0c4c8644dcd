"""What a job would cost by an offer, and why the market would not let it be taken: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from suanli.protocol import Kind, Scale, clear
from suanli.relay.server.index.queries.reader import Found
from suanli.relay.server.index.shapes import EstimatedOfferShape, OfferShape, ReasonShape


@dataclass(frozen=True)
class AskedJob:
    """`bid` None: whatever the price is. `verified`: whether the requester has an identity.
    `price`: the model's now."""

    units: int
    tasks: int
    bid: int | None
    runtime: str | None
    verified: bool
    price: int
    paused: bool = False


def estimated(offer: OfferShape, job: AskedJob, kind: Found, scale: Scale) -> EstimatedOfferShape:
    """`kind`: the row of the class."""
    ask = int(offer.ask)
    bid = max(job.price, ask, kind["floor"]) if job.bid is None else job.bid
    price = clear(job.price, ask, bid) if ask <= bid else ask
    reasons = [
        ReasonShape(code=code, detail=detail) for code, detail in _against(offer, job, kind, bid)
    ]
    return EstimatedOfferShape(
        offer=offer,
        takes=not reasons,
        reasons=reasons,
        price=str(price),
        cost=str(scale.value_up(job.units, price)),
        seconds=_seconds(offer, job.units),
    )


def sorted_by_cost(found: Iterable[EstimatedOfferShape]) -> list[EstimatedOfferShape]:
    """Those that take the job first."""
    return sorted(found, key=lambda one: (not one.takes, int(one.price), one.offer.miner_id))


def _against(offer: OfferShape, job: AskedJob, kind: Found, bid: int) -> Iterator[tuple[Any, str]]:
    yield from _of_class(job, kind, bid)
    if offer.state == "withdrawn":
        yield "withdrawn", "the miner sells nothing of this class now"
    elif offer.state == "expired":
        yield "expired", "the offer has ended"
    if job.units > int(offer.free):
        yield "too_few_units", f"{offer.free} units are free, {job.units} are wanted"
    if int(offer.ask) > bid:
        yield "ask_above_bid", f"it asks {offer.ask} for a unit, {bid} are bid"
    if offer.verified_only and not job.verified:
        yield "verified_requesters_only", "it is for requesters whose identity is attested"
    served = offer.announced
    if job.runtime is not None and served is not None and job.runtime not in served.runtimes:
        yield "runtime_not_served", "the miner announces other runtimes"


def _of_class(job: AskedJob, kind: Found, bid: int) -> Iterator[tuple[Any, str]]:
    if job.paused:
        yield "market_paused", "the market takes no new business now"
    if kind["retired"]:
        yield "class_retired", "nothing new is sold in this class"
    if kind["kind"] != Kind.JUDGED:
        yield "class_leased", "this class is sold by channels and storage deals, not by jobs"
    elif job.units > (most := job.tasks * kind["max_task_units"]):
        yield "units_above_tasks", f"{job.tasks} tasks can use {most} units at most"
    if bid < kind["floor"]:
        yield "bid_below_floor", f"the class's lowest bid is {kind['floor']} for a unit"


def _seconds(offer: OfferShape, units: int) -> float | None:
    speed = offer.announced.units_per_second * offer.announced.workers if offer.announced else 0
    return units / speed if speed else None
