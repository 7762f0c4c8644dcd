"""The contracts as shipped, and how their calls, results, errors and events are written as bytes.

Addresses come out in lowercase, structs as tuples in the ABI's order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, is_dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.abi import abi_to_signature, collapse_if_tuple, event_abi_to_log_topic
from eth_utils.crypto import keccak

from suanli.protocol import InvalidMessage

ERROR_ABI: Sequence[Mapping[str, Any]] = (
    {"type": "error", "name": "Error", "inputs": [{"name": "text", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)
"""What Solidity itself reverts with."""


@dataclass(frozen=True)
class AbiEntry:
    """A function, an error or a constructor: names and types of what goes in and comes out."""

    name: str
    selector: bytes
    names: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    reads_only: bool = False

    def encode(self, arguments: Sequence[Any]) -> bytes:
        """The call's data; structs are tuples, or dataclasses with their fields in order.

        Raises:
            InvalidMessage: an argument does not fit its type, or their number is wrong.
        """
        if len(arguments) != len(self.inputs):
            wanted = ", ".join(self.names)
            raise InvalidMessage(self.name, f"takes ({wanted}), not {len(arguments)} arguments")
        arguments = [_struct(value) for value in arguments]
        for name, kind, value in zip(self.names, self.inputs, arguments, strict=True):
            try:
                encode([kind], [value])
            except EncodingError as error:
                raise InvalidMessage(f"{self.name}, {name}", f"{error} ({kind})") from None
        return self.selector + encode(self.inputs, arguments)

    def arguments(self, data: bytes) -> dict[str, Any]:
        """The arguments by name; `data` is without the selector. ValueError if it is not them."""
        return dict(zip(self.names, _decode(self.inputs, data), strict=True))

    def result(self, data: bytes) -> Any:
        """One value, a tuple of several, or None. ValueError if `data` is not that."""
        values = _decode(self.outputs, data)
        return values if len(values) > 1 else values[0] if values else None


def _struct(value: Any) -> Any:
    is_record = is_dataclass(value) and not isinstance(value, type)
    return astuple(value) if is_record else value


@dataclass(frozen=True)
class EventEntry:
    """An event: which of its arguments are topics, and the types of all."""

    name: str
    topic: bytes
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed: tuple[bool, ...]

    def arguments(self, topics: Sequence[bytes], data: bytes) -> tuple[Any, ...]:
        """In the event's order. ValueError if they are not this event's.

        Text may be any bytes: what is no UTF-8 is replaced, so that nobody hides an event so.
        """
        plain = [kind for kind, yes in zip(self.types, self.indexed, strict=True) if not yes]
        hashed = [kind for kind, yes in zip(self.types, self.indexed, strict=True) if yes]
        if [self.topic] != list(topics[:1]) or len(topics) != 1 + len(hashed):
            raise ValueError(f"wrong topics for {self.name}")
        raw = _decode(["bytes" if kind == "string" else kind for kind in plain], data)
        texts = [kind == "string" for kind in plain]
        in_data = iter(
            value.decode(errors="replace") if is_text else value
            for value, is_text in zip(raw, texts, strict=True)
        )
        pairs = zip(hashed, topics[1:], strict=True)
        in_topics = iter([_decode([kind], topic)[0] for kind, topic in pairs])
        return tuple(next(in_topics if yes else in_data) for yes in self.indexed)


def _decode(kinds: Sequence[str], data: bytes) -> tuple[Any, ...]:
    try:
        return tuple(decode(list(kinds), data))
    except (DecodingError, UnicodeDecodeError, OverflowError) as error:
        raise ValueError(f"not ({', '.join(kinds)}): {error}") from None


class Abi:
    """Functions, errors and events of a contract, by name, selector and topic; functions that share
    a name by their signatures, such as "isVerified(address)"."""

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self.functions: dict[str, AbiEntry] = {}
        self.errors: dict[bytes, AbiEntry] = {}
        self.events: dict[bytes, EventEntry] = {}
        self.constructor = _entry({"name": "", "inputs": []}, b"")
        names = Counter(item["name"] for item in entries if item["type"] == "function")
        for item in entries:
            if item["type"] == "function":
                alone = names[item["name"]] == 1
                self.functions[item["name"] if alone else _signature(item)] = _entry(item)
            elif item["type"] == "error":
                entry = _entry(item)
                self.errors[entry.selector] = entry
            elif item["type"] == "event":
                event = _event(item)
                self.events[event.topic] = event
            elif item["type"] == "constructor":
                self.constructor = _entry({**item, "name": "constructor"}, b"")


@dataclass(frozen=True)
class Artifact:
    """A contract as shipped; `bytecode` is the creation code, empty for interfaces."""

    name: str
    abi: Abi
    bytecode: bytes

    def creation(self, arguments: Sequence[Any]) -> bytes:
        """What a transaction carries that creates the contract."""
        return self.bytecode + self.abi.constructor.encode(arguments)


@cache
def artifact(name: str) -> Artifact:
    """A contract shipped with the package; KeyError if it is not."""
    path = files("suanli.chain") / "generated" / f"{name}.json"
    if not path.is_file():
        raise KeyError(name)
    loaded = json.loads(path.read_text())
    return Artifact(name, Abi(loaded["abi"]), bytes.fromhex(loaded["bytecode"][2:]))


@cache
def shipped() -> tuple[str, ...]:
    """The names of all shipped contracts."""
    found = (path.name for path in (files("suanli.chain") / "generated").iterdir())
    return tuple(sorted(name[:-5] for name in found if name.endswith(".json")))


@cache
def shipped_functions() -> Mapping[bytes, AbiEntry]:
    """The functions of all shipped contracts, by selector."""
    entries = (artifact(name).abi.functions.values() for name in shipped())
    return {entry.selector: entry for some in entries for entry in some}


def _signature(item: Any) -> str:
    return abi_to_signature(item)


def _entry(item: Any, selector: bytes | None = None) -> AbiEntry:
    if selector is None:
        selector = keccak(text=_signature(item))[:4]
    outputs = (collapse_if_tuple(output) for output in item.get("outputs", ()))
    reads_only = item.get("stateMutability") in ("view", "pure")
    return AbiEntry(item["name"], selector, *_inputs(item), tuple(outputs), reads_only)


def _event(item: Any) -> EventEntry:
    indexed = tuple(argument["indexed"] for argument in item["inputs"])
    return EventEntry(item["name"], event_abi_to_log_topic(item), *_inputs(item), indexed)


def _inputs(item: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and types."""
    names = tuple(argument["name"] for argument in item["inputs"])
    return names, tuple(collapse_if_tuple(argument) for argument in item["inputs"])
