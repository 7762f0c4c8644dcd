"""The same machine and model on a real chain, through Brownie: a few dozen steps."""

from __future__ import annotations

import re
from ast import literal_eval
from functools import cache
from typing import Any

import pytest
from brownie import accounts, chain, web3
from brownie.exceptions import VirtualMachineError
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from scripts.chain import container
from tests.contracts.stateful.chains import Events
from tests.contracts.stateful.machine import MarketMachine
from tests.contracts.stateful.twin import Twin
from tests.contracts.stateful.world import OFFICES, PEOPLE, build
from tests.harness.evm import Codec, Reverted, account, artifact

EXAMPLES, STEPS = 2, 15
ARGUMENT = re.compile(r"""b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*"|[^, ]+""")
"""Of an error as Brownie writes it, which gives bytes as Python does."""
MARKET_ERRORS = {
    entry["name"]: Codec(entry).input_types
    for entry in artifact("ComputeMarket").abi
    if entry["type"] == "error"
}


class BrownieChain:
    """Each block is a second after the one before, or as much later as `advance` says."""

    def __init__(self) -> None:
        self.chain_id = chain.id
        self._contracts: dict[str, Any] = {}
        self._events: Events = {}
        self._now = chain[-1].timestamp
        self._senders = {}
        for person in (*PEOPLE, *OFFICES, account("nobody")):
            self._senders[person] = accounts.add(person.key)
            accounts[0].transfer(person, "1 ether", silent=True)

    def begin(self) -> None:
        chain.snapshot()
        self._now = self._start = chain[-1].timestamp

    def end(self) -> None:
        chain.revert()
        self._now = self._start

    def deploy(self, name: str, *args: Any) -> str:
        contract = container(name).deploy(*args, {"from": accounts[0], "silent": True})
        self._now = chain[-1].timestamp
        self._contracts[contract.address.lower()] = contract
        return str(contract.address.lower())

    def send(self, to: str, function: str, sender: str, *args: Any) -> Any:
        called = getattr(self._contracts[to], function)
        wallet = self._contracts.get(sender)
        self._set_time()
        try:
            if wallet:
                data = called.encode_input(*args)
                sent = wallet.execute(to, data, {"from": self._senders[account("nobody")]})
            else:
                sent = called(*args, {"from": self._senders[sender], "silent": True})
        except VirtualMachineError as error:
            raise _reverted(error) from None
        names = {event.name for event in sent.events}
        self._events = {name: [_event(event) for event in sent.events[name]] for name in names}
        if wallet or not called.abi["outputs"]:
            return None
        return _plain(sent.return_value)

    def data(self, to: str, function: str, *args: Any) -> bytes:
        encoded = getattr(self._contracts[to], function).encode_input(*args)
        return bytes.fromhex(encoded.removeprefix("0x"))

    def view(self, to: str, function: str, *args: Any) -> Any:
        """At the time at which the next call would run, so in a block of that time."""
        self._set_time()
        chain.mine(1)
        return _plain(getattr(self._contracts[to], function)(*args))

    def events(self) -> Events:
        return self._events

    def time(self) -> int:
        return self._now + 1

    def advance(self, seconds: int) -> None:
        self._now += seconds

    def _set_time(self) -> None:
        self._now += 1
        web3.provider.make_request("evm_setNextBlockTimestamp", [self._now])


def _plain(value: Any) -> Any:
    """Brownie's hex strings as bytes."""
    return bytes(value) if type(value).__name__ == "HexString" else value


def _event(event: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in event.items()}


def _reverted(error: VirtualMachineError) -> Exception:
    """Brownie gives a custom error as `Name: first, second`."""
    name, _, text = str(error.revert_msg).partition(": ")
    if name not in MARKET_ERRORS:
        return error
    kinds = MARKET_ERRORS[name]
    texts = ARGUMENT.findall(text)
    return Reverted(name, *(_argument(*pair) for pair in zip(kinds, texts, strict=True)))


def _argument(kind: str, text: str) -> Any:
    if kind == "address":
        return text.lower()
    if text.startswith("b"):
        return literal_eval(text)
    return bytes.fromhex(text.removeprefix("0x")) if kind == "bytes32" else int(text)


@cache
def _world() -> tuple[BrownieChain, Twin, list[str], list[str]]:
    real = BrownieChain()
    return real, *build(real, 18)


class BrownieMachine(MarketMachine):
    @staticmethod
    def world(_decimals: int) -> tuple[Any, Twin, list[str], list[str]]:
        return _world()


@pytest.mark.chain
@pytest.mark.deep
def test_market_beside_its_model_on_a_real_chain():
    chain.snapshot()
    Twin.outcomes.clear()
    chosen = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, phases=[Phase.generate], database=None
    )
    run_state_machine_as_test(BrownieMachine, settings=chosen)
    assert Twin.outcomes.total() >= EXAMPLES * STEPS
    chain.revert()
