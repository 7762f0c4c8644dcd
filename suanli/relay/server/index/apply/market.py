"""Classes, terms, miners, their offers and stake: what the market's registry says."""

from __future__ import annotations

from typing import Any

from suanli.chain import events
from suanli.protocol import ZERO_ADDRESS
from suanli.relay.server.index.apply.book import TableBook
from suanli.relay.server.index.reading import address_id, text
from suanli.relay.server.index.tables import (
    ACCOUNTS,
    CLASSES,
    CONTRACTS,
    DEALS,
    LOTS,
    MINERS,
    RUNTIMES,
    TERMS,
)


def class_added(book: TableBook, event: events.ResourceClassAdded) -> None:
    fixed = book.constants.resource_class(event.resource)
    book.changes.add(
        CLASSES,
        resource=event.resource,
        unit=text(event.unit),
        kind=int(fixed.kind),
        retired=False,
        floor=fixed.floor,
        stake_per_unit=fixed.stake_per_unit,
        max_task_units=fixed.max_task_units,
        max_task_memory=fixed.max_task_memory,
        max_task_bytes=fixed.max_task_bytes,
        unit_seconds=fixed.unit_seconds,
        deals=0,
        registered=0,
        published=0,
        demanded=0,
    )


def class_retired(book: TableBook, event: events.ResourceClassRetired) -> None:
    book.changes.get(CLASSES, event.resource)["retired"] = True


def runtime_permitted(book: TableBook, event: events.RuntimePermitted) -> None:
    book.changes.add(
        RUNTIMES,
        resource=event.resource,
        runtime=event.runtime,
        runtime_id=event.runtime_id,
        suspended=False,
    )


def runtime_suspended(book: TableBook, event: events.RuntimeSuspended) -> None:
    book.changes.get(RUNTIMES, event.resource, event.runtime)["suspended"] = event.suspended


def terms_added(book: TableBook, event: events.TermsAdded) -> None:
    terms = book.constants.terms(event.terms)
    record = {
        name: str(value) if isinstance(value, int) else value.lower()
        for name, value in terms._asdict().items()
        if name != "retired"
    }
    book.changes.add(TERMS, terms=event.terms, retired=False, record=record)
    for address, role in book.constants.beside(terms).items():
        if book.changes.find(CONTRACTS, address_id(address)) is None:
            book.changes.add(CONTRACTS, address=address_id(address), role=role)


def terms_retired(book: TableBook, event: events.TermsRetired) -> None:
    book.changes.get(TERMS, event.terms)["retired"] = True


def miner_registered(book: TableBook, event: events.MinerRegistered) -> None:
    nothing = (
        *("tenure", "unbonding_ends", "last_payment_time", "stake", "unbonding", "earned"),
        *("collected", "earned_by_channels", "earned_by_storage", "rewards", "fees_paid"),
        *("slashed", "live", "completed", "released", "defaulted", "overturned"),
    )
    book.changes.add(
        MINERS,
        miner_id=event.miner_id,
        miner=address_id(event.miner),
        payout=address_id(event.payout),
        tenure_at=book.at,
        registered_at=book.at,
        **dict.fromkeys(nothing, 0),
    )


def miner_succeeded(book: TableBook, event: events.MinerSucceeded) -> None:
    _begin_tenure(book, event.miner_id, miner=address_id(event.miner))


def payout_changed(book: TableBook, event: events.PayoutChanged) -> None:
    _begin_tenure(book, event.miner_id, payout=address_id(event.payout))


def _begin_tenure(book: TableBook, miner_id: int, **changed: Any) -> None:
    miner = book.miner(miner_id)
    more = {"tenure": miner["tenure"] + 1, "tenure_at": book.at, "completed": 0, "successor": None}
    miner.update(more, **changed)


def successor_named(book: TableBook, event: events.SuccessorNamed) -> None:
    named = None if event.successor == ZERO_ADDRESS else address_id(event.successor)
    book.miner(event.miner_id)["successor"] = named


def stake_added(book: TableBook, event: events.StakeAdded) -> None:
    book.miner(event.miner_id)["stake"] += event.amount


def unbonding_started(book: TableBook, event: events.UnbondingStarted) -> None:
    miner = book.miner(event.miner_id)
    miner["unbonding"] += event.amount
    miner["unbonding_ends"] = event.unbonding_ends


def stake_withdrawn(book: TableBook, event: events.StakeWithdrawn) -> None:
    miner = book.miner(event.miner_id)
    miner["stake"] -= event.amount
    miner["unbonding"] = miner["unbonding_ends"] = 0


def stake_slashed(book: TableBook, event: events.StakeSlashed) -> None:
    """Lost units leave the registry, and what is for sale unless it is withdrawn."""
    deal, miner = book.changes.get(DEALS, event.id), book.miner(event.miner_id)
    slashed = event.compensation + event.court_share + event.pool_share
    deal["compensation"], deal["court_share"] = event.compensation, event.court_share
    deal["pool_share"] = event.pool_share
    miner["stake"] -= slashed
    miner["slashed"] += slashed
    stake_per_unit = book.changes.get(CLASSES, deal["resource"])["stake_per_unit"]
    lost = book.constants.scale.units_up(slashed, stake_per_unit) if slashed else 0
    offer = book.offer(event.miner_id, deal["resource"])
    if offer["valid_until"]:
        book.published(offer, offer["published"] - lost)
    book.registered(offer, offer["capacity"] - lost)


def earnings_collected(book: TableBook, event: events.EarningsCollected) -> None:
    book.miner(event.miner_id)["collected"] += event.amount


def resource_registered(book: TableBook, event: events.ResourceRegistered) -> None:
    book.registered(book.offer(event.miner_id, event.resource), event.capacity)


def offer_published(book: TableBook, event: events.OfferPublished) -> None:
    offer = book.offer(event.miner_id, event.resource)
    book.published(offer, event.published)
    offer["ask"], offer["valid_until"] = event.ask, event.valid_until
    offer["verified_only"] = event.verified_only


def offer_withdrawn(book: TableBook, event: events.OfferWithdrawn) -> None:
    offer = book.offer(event.miner_id, event.resource)
    book.published(offer, offer["reserved"])
    offer["valid_until"] = 0


def lot_taken(book: TableBook, event: events.LotTaken) -> None:
    book.changes.add(
        LOTS,
        operator=address_id(event.operator),
        lot=event.lot,
        miner_id=event.miner_id,
        resource=event.resource,
        units=event.units,
    )
    book.reserved(book.offer(event.miner_id, event.resource), event.units)
    book.demanded(event.resource, event.units)
    book.traded(event.resource, event.units, event.price)


def lot_freed(book: TableBook, event: events.LotFreed) -> None:
    key = address_id(event.operator), event.lot
    lot = book.changes.get(LOTS, *key)
    book.unreserved(lot["miner_id"], lot["resource"], lot["units"])
    book.changes.remove(LOTS, *key)


def account(book: TableBook, address: bytes) -> dict[str, Any]:
    found = book.changes.find(ACCOUNTS, address)
    if found is not None:
        return found
    nothing = dict.fromkeys(("deposited", "withdrawn", "spent", "deals"), 0)
    return book.changes.add(ACCOUNTS, address=address, **nothing)


def deposited(book: TableBook, event: events.Deposited) -> None:
    account(book, address_id(event.account))["deposited"] += event.amount


def withdrawn(book: TableBook, event: events.Withdrawn) -> None:
    account(book, address_id(event.account))["withdrawn"] += event.amount
