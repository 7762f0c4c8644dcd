"""Contracts of any kind: reads, calls that can be simulated and sent, refusals made readable."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from suanli.chain import contract_errors
from suanli.chain.abi import ERROR_ABI, Abi, Entry, artifact
from suanli.chain.errors import BadAnswer, ContractError, NoAddress, NoContract, RpcError
from suanli.chain.node import BlockName, Node
from suanli.protocol import State

T = TypeVar("T")
_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
Decode = Callable[[bytes], T]


@dataclass(frozen=True)
class Call(Generic[T]):
    """A call that changes the chain, not sent yet: simulate it, or give it to a `Sender`.

    `to` None creates a contract. `value` in wei. `name` is for people.
    """

    name: str
    to: str | None
    data: bytes
    node: Node = field(repr=False, compare=False)
    decode: Decode[T] = field(repr=False, compare=False)
    value: int = 0

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

    def call(
        self, method: str, *arguments: Any, decode: Callable[[Any], T] | None = None
    ) -> Call[T]:
        """A call to be sent; `decode` turns the value it would return into something better."""
        entry = self._function(method)

        def decoded(data: bytes) -> T:
            value = self._decoded(entry, data)
            return decode(value) if decode else value

        return Call(method, self.address, entry.encode(arguments), self.node, decoded)

    def _function(self, method: str) -> Entry:
        try:
            return self.abi.functions[method]
        except KeyError:
            raise AttributeError(f"{self.name} has no function {method}") from None

    def _decoded(self, entry: Entry, data: bytes) -> Any:
        try:
            return entry.result(data)
        except ValueError as error:
            raise BadAnswer("eth_call", f"{entry.name} can't have returned this: {error}") from None


def creation(node: Node, name: str, *arguments: Any) -> Call[None]:
    """The call that creates a shipped contract; the receipt has its address."""
    data = artifact(name).creation(arguments)
    return Call(f"create {name}", None, data, node, lambda _: None)


@cache
def known_errors() -> Mapping[bytes, Entry]:
    """The errors of all shipped contracts, and Solidity's own, by selector."""
    shipped = (artifact(name).abi.errors for name in ("ComputeMarket", "LocalToken"))
    return ChainMap(*shipped, Abi(ERROR_ABI).errors)


_CLASSES: Mapping[str, type[ContractError]] = {
    name: kind
    for name, kind in vars(contract_errors).items()
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
        return contract_errors.ContractRevert("revert", {"text": "it gives no reason"})
    entry = known_errors().get(data[:4])
    if entry is not None:
        try:
            return _error(entry.name, entry.arguments(data[4:]))
        except ValueError:
            pass  # the selector is known, the rest is not what belongs to it
    return contract_errors.UnknownContractError("unknown", {"data": data})


def _error(name: str, values: dict[str, Any]) -> ContractError:
    if name == "Error":
        return contract_errors.ContractRevert(name, values)
    if name == "Panic":
        return contract_errors.ContractPanic(name, values)
    if "state" in values:
        values["state"] = _state(values["state"])
    return _CLASSES.get(name, ContractError)(name, values)


def _state(number: int) -> Any:
    return State(number) if number in State._value2member_map_ else number


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
