"""Logs as the index keeps them: by which contract, what they say as JSON, and what they concern.

Whoever may propose or vote writes any bytes as text; nothing of that keeps a log from being read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import IntEnum
from functools import cache
from typing import Any

from suanli.chain import BadAnswer, Event, EventEntry, Log, artifact
from suanli.relay.server.index.tables import at_of

MOST_TEXT = 10_000
"""Characters of a stranger's text that are kept."""
MOST_BYTES = 4_096
"""Of a stranger's bytes."""
MOST_ITEMS = 64
"""Of a stranger's list."""
MOST_ARGUMENTS, SHORT = 16 << 10, 200
"""Characters of an event's arguments as JSON, and of each text among them if they have more."""
KINDS = ("class", "deal", "miner", "case", "channel", "storage", "proposal", "account")
"""What an event may be about; the place here is what the tables keep."""
_BESIDE = {
    "governor": (
        "MarketGovernor",
        {
            "ProposalCreated",
            "ProposalCanceled",
            "ProposalExecuted",
            "ProposalExtended",
            "ProposalQueued",
            "VoteCast",
            "VoteCastWithParams",
        },
    ),
    "timelock": (
        "MarketTimelock",
        {"CallScheduled", "CallExecuted", "Cancelled", "MinDelayChange"},
    ),
    "identity": (
        "IdentityRegistry",
        {
            "AttestorAdded",
            "AttestorRemoved",
            "MinerAttested",
            "MinerRevoked",
            "RequesterAttested",
            "RequesterRevoked",
        },
    ),
    "reward_pool": ("RewardPool", {"Drawn", "Granted", "UnclaimedReturned", "FeesCollected"}),
}
"""Of contracts whose events have no classes: the artifact, and which events are kept."""
About = tuple[int, bytes]
"""The place of its kind in `KINDS`, and the id; numbers have four bytes."""


@dataclass(frozen=True)
class ChainFact:
    """One log. `event`: typed, where there is a class for it."""

    at: int
    time: int
    contract: str
    name: str
    address: bytes
    transaction: bytes
    values: Mapping[str, Any]
    event: Event | None

    @property
    def arguments(self) -> dict[str, Any]:
        found = {name: as_json(value) for name, value in self.values.items()}
        if self.event is None and len(json.dumps(found)) > MOST_ARGUMENTS:
            return {name: _shortened(value) for name, value in found.items()}
        return found


def fact_of(log: Log, event: Event | None, contract: str, time: int) -> ChainFact | None:
    """None: of no interest here."""
    if event is not None:
        name, values = type(event).__name__, dict(_values(event))
    else:
        entry = _beside(contract).get(log.topics[0]) if log.topics else None
        if entry is None:
            return None
        name, values = entry.name, _arguments(entry, log)
    at, address = at_of(log.block, log.index), bytes.fromhex(log.address[2:])
    transaction = bytes.fromhex(log.transaction[2:])
    return ChainFact(at, time, contract, name, address, transaction, values, event)


def number_id(number: int) -> bytes:
    """Of a class or a miner."""
    return number.to_bytes(4, "big")


def address_id(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def abouts(fact: ChainFact) -> Iterator[About]:
    """What an event concerns, by the names of its arguments; those of records within, too."""
    return iter(dict.fromkeys(_about(fact.contract, fact.values)))


def _about(contract: str, values: Mapping[str, Any], within: bool = False) -> Iterator[About]:
    """`within`: of a record, which names its miner by number; beside, that is what it gets."""
    for name, value in values.items():
        kind = _KIND_OF.get(name)
        if kind == "account" and isinstance(value, int):
            if name == "miner" and within:
                yield from _one("miner", value)
        elif kind is not None:
            yield from _one(kind, value)
        elif name == "lot":
            yield from (*_one("channel", value), *_one("storage", value))
        elif name == "id" and contract == "market":
            yield from _one("deal", value)
        elif name == "deal":
            yield from _one("storage", value)
        elif name in ("request", "record", "quote") and hasattr(value, "_asdict"):
            yield from _about(contract, value._asdict(), within=True)


def _one(kind: str, value: Any) -> Iterator[About]:
    place = KINDS.index(kind)
    if isinstance(value, bytes):
        yield place, value
    elif isinstance(value, str):
        if value.strip("0x"):
            yield place, address_id(value)
    elif kind == "proposal":
        yield place, int(value).to_bytes(32, "big")
    elif value:  # no miner has the number 0
        yield place, number_id(value)


_KIND_OF = {
    "request_id": "deal",
    "miner_id": "miner",
    "resource": "class",
    "case_id": "case",
    "channel": "channel",
    "proposal_id": "proposal",
} | dict.fromkeys(
    (
        "account",
        "appellant",
        "by",
        "filer",
        "giver",
        "juror",
        "miner",
        "payout",
        "proposer",
        "requester",
        "sender",
        "successor",
        "to",
        "voter",
    ),
    "account",
)


@cache
def _beside(contract: str) -> Mapping[bytes, EventEntry]:
    """Events by topic; lists of text come as bytes, for they may be no UTF-8."""
    if contract not in _BESIDE:
        return {}
    name, kept = _BESIDE[contract]
    return {
        topic: replace(
            entry, types=tuple(kind.replace("string[]", "bytes[]") for kind in entry.types)
        )
        for topic, entry in artifact(name).abi.events.items()
        if entry.name in kept
    }


def _arguments(entry: EventEntry, log: Log) -> dict[str, Any]:
    try:
        found = entry.arguments(log.topics, log.data)
    except ValueError as error:
        raise BadAnswer("eth_getLogs", f"no {entry.name} looks like this: {error}") from None
    return {snake(name): value for name, value in zip(entry.names, found, strict=True)}


@cache
def snake(name: str) -> str:
    """`proposalId` as `proposal_id`."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))[1:]  # without its place


def _values(event: Event) -> Iterator[tuple[str, Any]]:
    kind: Any = type(event)
    for name in _names(kind):
        yield name, getattr(event, name)


def as_json(value: Any) -> Any:
    """Whole numbers as decimal text, bytes as 0x…, members of enums by name, records as objects;
    what is long is cut."""
    if isinstance(value, IntEnum):
        return value.name.lower()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value[:MOST_BYTES].hex()
    if isinstance(value, str):
        return text(value)
    if hasattr(value, "_asdict"):
        return {name: as_json(part) for name, part in value._asdict().items()}
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Sequence):
        return [as_json(part) for part in value[:MOST_ITEMS]]
    raise TypeError(f"an event has no {type(value).__name__}")


def _shortened(value: Any) -> Any:
    """Of what may be long: texts, and lists of them."""
    if isinstance(value, list):
        return [_shortened(part) for part in value]
    if isinstance(value, str) and len(value) > SHORT:
        return value[:SHORT] + "…"
    return value


def text(value: str) -> str:
    """What a stranger wrote, as data: cut, and without what databases refuse."""
    kept = value[:MOST_TEXT].encode(errors="replace").decode()
    return kept.replace("\x00", "\ufffd")
