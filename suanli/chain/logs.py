"""Events in the logs of a market, its court, channels and storage, and of what stands beside."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from suanli.chain.abi import EventEntry, artifact
from suanli.chain.errors import BadAnswer
from suanli.chain.event import Event, Position, RewardClaimed
from suanli.chain.generated import (
    channels_functions,
    court_functions,
    events,
    functions,
    storage_functions,
)
from suanli.chain.node import Log
from suanli.chain.typed import record_of

CLASSES: dict[str, type[Event]] = {
    name: kind
    for name, kind in vars(events).items()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}
"""Every event's class of the market, by name."""
_BESIDE: dict[str, tuple[type[Event], ...]] = {"RewardPool": (RewardClaimed,)}
"""Those that are read of other contracts."""
_ALL = CLASSES | {kind.__name__: kind for kinds in _BESIDE.values() for kind in kinds}


@cache
def _entries() -> dict[bytes, EventEntry]:
    """What several of them have has one form."""
    found: dict[bytes, EventEntry] = {}
    for module in (storage_functions, channels_functions, court_functions, functions):
        found |= artifact(module.ABI).abi.events
    for contract, kinds in _BESIDE.items():
        names = {kind.__name__ for kind in kinds}
        theirs = artifact(contract).abi.events
        found |= {topic: entry for topic, entry in theirs.items() if entry.name in names}
    return found


def topics_of(kinds: Iterable[type[Event]]) -> tuple[bytes, ...]:
    """The topics to ask a node for."""
    topics = {entry.name: topic for topic, entry in _entries().items()}
    return tuple(topics[kind.__name__] for kind in kinds)


def decode_log(log: Log) -> Event | None:
    """The event of a log; None for one that is not known here.

    Raises:
        BadAnswer: the log can't be what its topic says.
    """
    entry = _entries().get(log.topics[0]) if log.topics else None
    if entry is None:
        return None
    at = Position(log.block, log.index, log.block_hash, log.transaction)
    try:
        return record_of(_ALL[entry.name], (at, *entry.arguments(log.topics, log.data)))
    except ValueError as error:
        raise BadAnswer("eth_getLogs", f"no {entry.name} looks like this: {error}") from None


def decode_logs(logs: Iterable[Log], market: str) -> tuple[Event, ...]:
    """The events of a market, or another contract, among a receipt's logs, in order."""
    found = (decode_log(log) for log in logs if log.address == market.lower())
    return tuple(event for event in found if event is not None)
