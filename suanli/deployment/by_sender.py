"""Executing a deployment's plan through a `Sender`."""

from __future__ import annotations

from typing import Any

import rlp  # type: ignore[import-untyped]  # it has no types
from eth_utils.crypto import keccak

from suanli.chain import BadAnswer, Call, Contract, ContractError, Node, Sender, creation
from suanli.deployment import Created


class SenderChain:
    """`suanli.deployment.Chain`: every transaction is waited for until it is final."""

    def __init__(self, sender: Sender, timeout: float = 300.0) -> None:
        self._sender, self._timeout = sender, timeout

    def next_address(self) -> str:
        return created_address(self._sender.address, self._sender.next_nonce())

    def created(self, address: str) -> Created | None:
        # Whoever asks knows the address only; block and transaction are for people.
        node = self._sender.node
        return Created(address, node.head().number, "") if node.code(address) else None

    def deploy(self, contract: str, arguments: tuple[Any, ...]) -> Created:
        call = creation(self._sender.node, contract, *arguments)
        receipt = self._sender.execute(call, timeout=self._timeout)
        if receipt.contract is None:
            raise BadAnswer("eth_getTransactionReceipt", "the contract created has no address")
        return Created(receipt.contract, receipt.block, receipt.transaction)

    def send(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> None:
        target = Contract(self._sender.node, address, contract)
        self._sender.execute(target.call(method, *arguments), timeout=self._timeout)

    def refusal(self, address: str, data: bytes, sender: str) -> str | None:
        return refusal(self._sender.node, address, data, sender)

    def call(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> Any:
        return Contract(self._sender.node, address, contract).read(method, *arguments)


def refusal(node: Node, address: str, data: bytes, sender: str) -> str | None:
    """As `suanli.deployment.Probe` has it."""
    try:
        Call("", address, data, node, lambda _: None).simulate(sender)
    except ContractError as error:
        return error.name
    return None


def created_address(account: str, nonce: int) -> str:
    """Where an account's transaction of this nonce creates a contract (opcode CREATE)."""
    return "0x" + keccak(rlp.encode([bytes.fromhex(account[2:]), nonce]))[12:].hex()
