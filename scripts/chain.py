"""Brownie as the chain that `suanli.deployment` executes its plan on."""

from __future__ import annotations

from typing import Any

import rlp
from brownie import Contract, network, project, web3
from brownie.network.account import PublicKeyAccount
from brownie.network.transaction import TransactionReceipt
from eth_utils import keccak, to_checksum_address

from suanli.chain import connect
from suanli.deployment import Created
from suanli.deployment.by_sender import refusal


def artefacts() -> Any:
    """This project, by whose contract names everything is found."""
    return project.get_loaded_projects()[0]


EXTENDED = ("ComputeMarket", "Court")
"""Contracts that hand on calls to an extension."""


def interface(name: str) -> list[dict[str, Any]]:
    """The ABI of a contract or interface."""
    return container(name).abi if name in EXTENDED else artefacts()._build.get(name)["abi"]


def container(name: str) -> Any:
    """Of a contract; an extended one has what it hands on in its ABI, since it answers that."""
    found = artefacts()[name]
    if name in EXTENDED:
        known = {(entry["type"], entry.get("name")) for entry in found.abi}
        whole = artefacts()._build.get(f"I{name}")["abi"]
        # In place: Brownie reads this list whenever it makes an object of the contract.
        found.abi.extend(entry for entry in whole if (entry["type"], entry["name"]) not in known)
    return found


class BrownieChain:
    """`suanli.deployment.Chain` for whichever network Brownie is connected to."""

    def __init__(self, account: PublicKeyAccount, confirmations: int = 1) -> None:
        self.account, self.confirmations = account, confirmations
        self.receipts: list[TransactionReceipt] = []

    def next_address(self) -> str:
        nonce = web3.eth.get_transaction_count(self.account.address)
        sender = bytes.fromhex(self.account.address[2:])
        return to_checksum_address(keccak(rlp.encode([sender, nonce]))[12:])

    def created(self, address: str) -> Created | None:
        if not web3.eth.get_code(address):
            return None
        # Whoever asks knows the address only; the rest is for people, and may stay unknown.
        return Created(address, web3.eth.block_number, "")

    def deploy(self, contract: str, arguments: tuple[Any, ...]) -> Created:
        data = container(contract).deploy.encode_input(*arguments)
        receipt = self._send(data=data)
        address = to_checksum_address(receipt.contract_address)
        return Created(address, receipt.block_number, receipt.txid)

    def send(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> None:
        encoded = self._contract(contract, address).encode_abi(method, arguments)
        self._send(to=address, data=encoded)

    def call(self, contract: str, address: str, method: str, arguments: tuple[Any, ...]) -> Any:
        return self._contract(contract, address).functions[method](*arguments).call()

    def refusal(self, address: str, data: bytes, sender: str) -> str | None:
        return refusal(connect(web3.provider), address, data, sender)

    def _send(self, **transaction: Any) -> TransactionReceipt:
        receipt = self.account.transfer(
            **transaction, required_confs=self.confirmations, silent=True
        )
        self.receipts.append(receipt)
        return receipt

    def _contract(self, name: str, address: str) -> Any:
        return web3.eth.contract(to_checksum_address(address), abi=interface(name))


def at(name: str, address: str) -> Contract:
    """Brownie's object for a deployed contract."""
    return container(name).at(address)


def is_development() -> bool:
    return network.show_active() is not None and network.main.CONFIG.network_type == "development"
