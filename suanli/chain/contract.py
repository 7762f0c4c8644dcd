"""Contracts of any kind: reads, calls that can be simulated and sent, refusals made readable."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, partial
from typing import Any, Generic, TypeVar, get_type_hints

from suanli.chain.abi import ERROR_ABI, Abi, AbiEntry, artifact, shipped
from suanli.chain.errors import (
    BadAnswer,
    ContractError,
    ContractPanic,
    ContractRevert,
    NoAddress,
    NoContract,
    RpcError,
    UnknownContractError,
    attribute,
)
from suanli.chain.generated import errors
from suanli.chain.node import BlockName, Node

T = TypeVar("T")
_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
Decode = Callable[[bytes], T]


@dataclass(frozen=True)
class Call(Generic[T]):
    """A call that changes the chain, not sent yet: simulate it, or give it to a `Sender`.

    `to` None creates a contract. `value` in wei. `name` is for people. `more_gas` is what it can
    cost above its estimate when it is mined a second later.
    """

    name: str
    to: str | None
    data: bytes
    node: Node = field(repr=False, compare=False)
    decode: Decode[T] = field(repr=False, compare=False)
    value: int = 0
    more_gas: int = 0

    def simulate(self, sender: str, block: BlockName = "latest") -> T:
        """What the call would return if it were made now, after `block`.

        Raises:
            ContractError: the contract would refuse.
        """
        return self.decode(asked(self.node, self.to, self.data, sender, block, self.value))


def asked(
    node: Node, to: str | None, data: bytes, sender: str | None, block: BlockName, value: int = 0
) -> bytes:
    """An `eth_call` whose reverts are ContractErrors."""
    try:
        return node.call(to, data, sender, block, value)
    except RpcError as error:
        refusal = explain(error)
        if refusal is None:
            raise
        raise refusal from error


class Contract:
    """A deployed contract, seen through a shipped ABI; reads at `block`."""

    def __init__(self, node: Node, address: str, name: str, block: BlockName = "latest") -> None:
        if not _ADDRESS.fullmatch(address):
            raise NoAddress(address)
        self.node, self.address, self.name = node, address.lower(), name
        self.abi: Abi = artifact(name).abi
        self._block = block

    def __repr__(self) -> str:
        return f"<{self.name} at {self.address}>"

    def read(self, method: str, *arguments: Any) -> Any:
        """The value of a view: one value, or a tuple of several; structs are tuples.

        Raises:
            ContractError: the contract refuses.
            NoContract: there is none at the address.
        """
        entry = self._function(method)
        data = entry.encode(arguments)
        answer = asked(self.node, self.address, data, None, self._block)
        if entry.outputs and not answer and not self.node.code(self.address, self._block):
            raise NoContract(self.address)
        return self._decoded(entry, answer)

    def call(self, method: str, *arguments: Any) -> Call[Any]:
        """A call to be sent."""
        entry = self._function(method)
        data = entry.encode(arguments)
        return Call(method, self.address, data, self.node, partial(self._decoded, entry))

    def _function(self, method: str) -> AbiEntry:
        entry = self.abi.functions.get(method)
        if entry is not None:
            return entry
        like = sorted(name for name in self.abi.functions if name.startswith(f"{method}("))
        if like:
            raise AttributeError(
                f"{self.name} has several functions {method}: name one by {' or '.join(like)}"
            )
        raise AttributeError(f"{self.name} has no function {method}")

    def _decoded(self, entry: AbiEntry, data: bytes) -> Any:
        try:
            return entry.result(data)
        except ValueError as error:
            raise BadAnswer("eth_call", f"{entry.name} can't have returned this: {error}") from None


def creation(node: Node, name: str, *arguments: Any) -> Call[None]:
    """The call that creates a shipped contract; the receipt has its address."""
    data = artifact(name).creation(arguments)
    return Call(f"create {name}", None, data, node, lambda _: None)


@cache
def known_errors() -> Mapping[bytes, AbiEntry]:
    """The errors of all shipped contracts, and Solidity's own, by selector."""
    return ChainMap(*(artifact(name).abi.errors for name in shipped()), Abi(ERROR_ABI).errors)


_CLASSES: Mapping[str, type[ContractError]] = {
    "Error": ContractRevert,
    "Panic": ContractPanic,
} | {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ContractError)
}


def explain(error: RpcError) -> ContractError | None:
    """The contract's refusal in a node's error; None if the contract did not refuse."""
    data = _revert_data(error.data)
    if data is None:
        if "revert" not in error.reason.lower():
            return None
        data = b""
    return decode_error(data)


def decode_error(data: bytes) -> ContractError:
    """The exception for what a contract reverted with."""
    if not data:
        return ContractRevert("Error", {"text": "it gives no reason"})
    entry = known_errors().get(data[:4])
    if entry is not None:
        try:
            return _error(entry.name, entry.arguments(data[4:]))
        except ValueError:
            pass  # the selector is known, the rest is not what belongs to it
    return UnknownContractError("unknown", {"data": data})


def _error(name: str, values: dict[str, Any]) -> ContractError:
    kind = _CLASSES.get(name, ContractError)
    return kind(name, {key: _member(kind, key, value) for key, value in values.items()})


def _member(kind: type[ContractError], key: str, value: Any) -> Any:
    """The value, as a member of its enum if it is one."""
    hint = get_type_hints(kind).get(attribute(key))
    if isinstance(hint, type) and issubclass(hint, IntEnum) and value in hint._value2member_map_:
        return hint(value)
    return value


def _revert_data(data: Any) -> bytes | None:
    """Nodes wrap a revert's bytes differently: as text, or in an object under one of two names."""
    if isinstance(data, str):
        text = data.removeprefix("Reverted ").strip()
        try:
            return bytes.fromhex(text.removeprefix("0x")) if text.startswith("0x") else None
        except ValueError:
            return None
    if isinstance(data, Mapping):
        return _revert_data(data.get("data", data.get("result")))
    return None
