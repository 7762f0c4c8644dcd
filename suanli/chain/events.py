"""The market's events as frozen records, named as in interfaces/*.sol.

Fields stand in the events' own order. Amounts in base units, prices in 10^-18 token per unit, times
in seconds since 1970, addresses in lowercase; `at` says where in the chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from suanli.chain.abi import EventEntry, artifact
from suanli.chain.errors import BadAnswer
from suanli.chain.node import Log
from suanli.protocol import Request, State


@dataclass(frozen=True, order=True)
class Position:
    """Where a log stands: block, its hash, the transaction's hash, and the place in the block."""

    block: int
    index: int
    block_hash: bytes
    transaction: str


@dataclass(frozen=True)
class Event:
    at: Position


# Money


@dataclass(frozen=True)
class Deposited(Event):
    account: str
    amount: int


@dataclass(frozen=True)
class Withdrawn(Event):
    account: str
    to: str
    amount: int


# Miners


@dataclass(frozen=True)
class MinerRegistered(Event):
    miner_id: int
    miner: str
    payout: str


@dataclass(frozen=True)
class PayoutChanged(Event):
    miner_id: int
    payout: str


@dataclass(frozen=True)
class SuccessorNamed(Event):
    miner_id: int
    successor: str


@dataclass(frozen=True)
class MinerSucceeded(Event):
    miner_id: int
    miner: str


@dataclass(frozen=True)
class StakeAdded(Event):
    miner_id: int
    sender: str
    amount: int


@dataclass(frozen=True)
class UnbondingStarted(Event):
    miner_id: int
    amount: int
    unbonding_ends: int


@dataclass(frozen=True)
class StakeWithdrawn(Event):
    miner_id: int
    payout: str
    amount: int


@dataclass(frozen=True)
class EarningsCollected(Event):
    miner_id: int
    payout: str
    amount: int


@dataclass(frozen=True)
class ResourceRegistered(Event):
    miner_id: int
    resource: int
    capacity: int


@dataclass(frozen=True)
class OfferPublished(Event):
    miner_id: int
    resource: int
    published: int
    ask: int
    valid_until: int


@dataclass(frozen=True)
class OfferWithdrawn(Event):
    miner_id: int
    resource: int


# Resource classes and terms


@dataclass(frozen=True)
class ResourceClassAdded(Event):
    resource: int
    unit: str


@dataclass(frozen=True)
class ResourceClassRetired(Event):
    resource: int


@dataclass(frozen=True)
class PriceModelChanged(Event):
    resource: int
    price_model: str


@dataclass(frozen=True)
class RuntimePermitted(Event):
    resource: int
    runtime_id: bytes


@dataclass(frozen=True)
class TermsAdded(Event):
    terms: int


@dataclass(frozen=True)
class TermsRetirement(Event):
    terms: int


# Requests


@dataclass(frozen=True)
class RequestPosted(Event):
    id: bytes
    requester: str
    resource: int
    request: Request


@dataclass(frozen=True)
class RequestCancelled(Event):
    id: bytes
    requester: str


@dataclass(frozen=True)
class RequestConfirmed(Event):
    id: bytes
    miner_id: int
    requester: str
    price: int
    deadline: int


@dataclass(frozen=True)
class EpochAdvanced(Event):
    requester: str
    epoch: int


# Deals


@dataclass(frozen=True)
class ResultSubmitted(Event):
    id: bytes
    miner_id: int
    root: bytes
    units_used: int


@dataclass(frozen=True)
class RequestSettled(Event):
    id: bytes
    miner_id: int
    paid: int
    fee: int
    refunded: int


@dataclass(frozen=True)
class SettlementSkipped(Event):
    id: bytes
    state: State


@dataclass(frozen=True)
class RequestReleased(Event):
    id: bytes
    miner_id: int
    refunded: int


@dataclass(frozen=True)
class RequestDefaulted(Event):
    id: bytes
    miner_id: int
    refunded: int


@dataclass(frozen=True)
class RequestOverturned(Event):
    id: bytes
    miner_id: int
    refunded: int


@dataclass(frozen=True)
class StakeSlashed(Event):
    id: bytes
    miner_id: int
    compensation: int
    court_share: int
    pool_share: int


@dataclass(frozen=True)
class ChallengeOpened(Event):
    id: bytes
    open_challenges: int


@dataclass(frozen=True)
class ChallengeClosed(Event):
    id: bytes
    open_challenges: int


# Owner and guardian


@dataclass(frozen=True)
class IdentityVerifierChanged(Event):
    identity_verifier: str


@dataclass(frozen=True)
class GuardianChanged(Event):
    guardian: str


@dataclass(frozen=True)
class OwnershipTransferStarted(Event):
    previous_owner: str
    new_owner: str


@dataclass(frozen=True)
class OwnershipTransferred(Event):
    previous_owner: str
    new_owner: str


@dataclass(frozen=True)
class Paused(Event):
    account: str


@dataclass(frozen=True)
class Unpaused(Event):
    account: str


CLASSES: dict[str, type[Event]] = {
    name: kind
    for name, kind in list(globals().items())
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}
"""Every event's class, by name."""


def topics_of(kinds: Iterable[type[Event]]) -> tuple[bytes, ...]:
    """The topics to ask a node for."""
    topics = {entry.name: topic for topic, entry in artifact("ComputeMarket").abi.events.items()}
    return tuple(topics[kind.__name__] for kind in kinds)


def decode_log(log: Log) -> Event | None:
    """The event of a market's log; None for one that is not known here.

    Raises:
        BadAnswer: the log can't be what its topic says.
    """
    entry = artifact("ComputeMarket").abi.events.get(log.topics[0]) if log.topics else None
    kind = CLASSES.get(entry.name) if entry else None
    if entry is None or kind is None:
        return None
    return kind(
        Position(log.block, log.index, log.block_hash, log.transaction),
        *_arguments(entry, kind, log),
    )


def decode_logs(logs: Iterable[Log], market: str) -> tuple[Event, ...]:
    """The market's events among a receipt's logs, in order."""
    found = (decode_log(log) for log in logs if log.address == market.lower())
    return tuple(event for event in found if event is not None)


def _arguments(entry: EventEntry, kind: type[Event], log: Log) -> list[Any]:
    try:
        values = entry.arguments(log.topics, log.data)
        names = [field.name for field in fields(kind)][1:]
        return [_typed(name, value) for name, value in zip(names, values, strict=True)]
    except ValueError as error:
        raise BadAnswer("eth_getLogs", f"no {entry.name} looks like this: {error}") from None


def _typed(name: str, value: Any) -> Any:
    if name == "request":
        return Request(*value)
    return State(value) if name == "state" else value
