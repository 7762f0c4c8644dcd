"""The settlement token: an ERC-20, perhaps with ERC-2612 permits, on local chains with a faucet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from eth_utils.crypto import keccak

from suanli.base import amounts
from suanli.chain.contract import Call, Contract
from suanli.chain.errors import BadAnswer, ContractError, NoPermit
from suanli.chain.node import BlockName, Node
from suanli.protocol import Signer

_DOMAIN = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
}
_FIELDS = {
    "owner": "address",
    "spender": "address",
    "value": "uint256",
    "nonce": "uint256",
    "deadline": "uint256",
}
_PERMIT = keccak(text=f"Permit({','.join(f'{kind} {name}' for name, kind in _FIELDS.items())})")


class Permit(NamedTuple):
    """An allowance of `amount` by signature (ERC-2612), good until `deadline`."""

    amount: int
    deadline: int
    v: int
    r: bytes
    s: bytes


class Token:
    """An ERC-20. Amounts in base units."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, "IERC20Metadata", block)
        self._permits = Contract(node, address, "IERC20Permit", block)
        self._local = Contract(node, address, "IFaucet", block)
        self._told = Contract(node, address, "IERC5267", block)
        self.node, self.address = node, self._contract.address

    def __repr__(self) -> str:
        return f"<Token at {self.address}>"

    def balance_of(self, account: str) -> int:
        """Base units that an account holds."""
        return int(self._contract.read("balanceOf", account))

    def allowance(self, owner: str, spender: str) -> int:
        """Base units of `owner` that `spender` may still take."""
        return int(self._contract.read("allowance", owner, spender))

    def total_supply(self) -> int:
        """Base units."""
        return int(self._contract.read("totalSupply"))

    def decimals(self) -> int:
        """Digits after the point: 10 to this power base units are a token."""
        return int(self._contract.read("decimals"))

    def symbol(self) -> str:
        """As the token calls itself, unchecked: "SLT"."""
        return str(self._contract.read("symbol"))

    def show(self, amount: int) -> str:
        """For people, as "12.5 SLT"."""
        return f"{amounts.show(amount, self.decimals())} {self.symbol()}"

    def approve(self, spender: str, amount: int) -> Call[bool]:
        """Let `spender` take so many base units of the sender; 0 takes it back."""
        return self._contract.call("approve", spender, amount)

    def transfer(self, to: str, amount: int) -> Call[bool]:
        """Send base units."""
        return self._contract.call("transfer", to, amount)

    def faucet(self, amount: int) -> Call[None]:
        """Mint to the caller; the local token only."""
        return self._local.call("faucet", amount)

    def sign_permit(self, owner: Signer, spender: str, amount: int, deadline: int) -> Permit:
        """Let `spender` take `amount` once from `owner`, without a transaction of its own.

        Raises:
            NoPermit: the token does not know permits, or does not tell a wallet enough of them.
            NotSigned: who keeps the key did not sign.
        """
        try:
            separator = self._permits.read("DOMAIN_SEPARATOR")
            nonce = self._permits.read("nonces", owner.address)
        except (ContractError, BadAnswer) as error:
            raise NoPermit(f"the token {self.address} knows no permits: approve instead") from error
        words = (int(owner.address, 16), int(spender, 16), amount, nonce, deadline)
        struct = keccak(_PERMIT + b"".join(word.to_bytes(32, "big") for word in words))
        shown = (owner.address, spender, str(amount), str(nonce), str(deadline))
        signature = owner.sign_typed(
            keccak(b"\x19\x01" + separator + struct), lambda: self._permit_data(shown)
        )
        return Permit(amount, deadline, signature[64], signature[:32], signature[32:64])

    def _permit_data(self, values: Sequence[str]) -> dict[str, Any]:
        """A permit as wallets take it. Raises NoPermit: the token tells no domain (ERC-5267)."""
        try:
            _, name, version, chain_id, contract, *_ = self._told.read("eip712Domain")
        except (ContractError, BadAnswer) as error:
            raise NoPermit(f"the token {self.address} tells no domain: approve instead") from error
        domain = dict(zip(_DOMAIN, (name, version, chain_id, contract), strict=True))
        return {
            "types": {"EIP712Domain": _typed(_DOMAIN), "Permit": _typed(_FIELDS)},
            "primaryType": "Permit",
            "domain": domain,
            "message": dict(zip(_FIELDS, values, strict=True)),
        }


def _typed(fields: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields.items()]
