"""What the state machine needs of a chain, and the in-process one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Protocol

from tests.harness.evm import CHAIN_ID, Contract, Evm, account

Events = dict[str, list[dict[str, Any]]]
"""Arguments of the events of each name, in order."""


class Chain(Protocol):
    """A chain that carries one market."""

    chain_id: int

    def deploy(self, name: str, *args: Any) -> str:
        """Address of a new contract."""

    def send(self, to: str, function: str, sender: str, *args: Any) -> Any:
        """The value of a transaction's call; raises tests.harness.evm.Reverted."""

    def data(self, to: str, function: str, *args: Any) -> bytes:
        """What a call carries."""

    def view(self, to: str, function: str, *args: Any) -> Any:
        """The value of a getter."""

    def events(self) -> Events:
        """What the last `send` emitted."""

    def time(self) -> int:
        """Seconds since 1970, of the block in which the next `send` runs."""

    def advance(self, seconds: int) -> None:
        """Let time pass."""


class EvmChain:
    """The chain inside the test process; its time stands still until it is advanced."""

    chain_id = CHAIN_ID

    def __init__(self) -> None:
        self._evm = Evm()
        self._contracts: dict[str, Contract] = {}
        self._rollback = ExitStack()

    def begin(self) -> None:
        """What follows is undone by `end`."""
        self._rollback.enter_context(self._evm.rollback())

    def end(self) -> None:
        self._rollback.close()

    def deploy(self, name: str, *args: Any) -> str:
        contract = self._evm.deploy(name, *args)
        self._contracts[contract.address] = contract
        return contract.address

    def send(self, to: str, function: str, sender: str, *args: Any) -> Any:
        codec = getattr(self._contracts[to], function).codec
        data = codec.call_data(args)
        wallet = self._contracts.get(sender)
        if not wallet:
            return codec.result(self._evm.message(sender, to, data))
        execute = wallet.execute.codec
        call = execute.call_data((to, data))
        returned = self._evm.message(account("nobody"), wallet.address, call)
        return codec.result(execute.result(returned))

    def data(self, to: str, function: str, *args: Any) -> bytes:
        return bytes(getattr(self._contracts[to], function).codec.call_data(args))

    def view(self, to: str, function: str, *args: Any) -> Any:
        return getattr(self._contracts[to], function)(*args)

    def events(self) -> Events:
        found: Events = {}
        for event in self._evm.events():
            found.setdefault(event.name, []).append(event.args)
        return found

    def time(self) -> int:
        return self._evm.time

    def advance(self, seconds: int) -> None:
        self._evm.advance(seconds)
