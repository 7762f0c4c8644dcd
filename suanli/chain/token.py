"""The settlement token: an ERC-20, perhaps with ERC-2612 permits, on local chains with a faucet."""

from __future__ import annotations

from typing import NamedTuple

from eth_utils.crypto import keccak

from suanli.base import amounts
from suanli.chain.contract import Call, Contract
from suanli.chain.errors import BadAnswer, ContractError, NoPermit
from suanli.chain.node import BlockName, Node
from suanli.protocol import Signer

_PERMIT = keccak(
    text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)


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
            NoPermit: the token does not know permits.
        """
        try:
            separator = self._permits.read("DOMAIN_SEPARATOR")
            nonce = self._permits.read("nonces", owner.address)
        except (ContractError, BadAnswer) as error:
            raise NoPermit(f"the token {self.address} knows no permits: approve instead") from error
        words = (int(owner.address, 16), int(spender, 16), amount, nonce, deadline)
        struct = keccak(_PERMIT + b"".join(word.to_bytes(32, "big") for word in words))
        signature = owner.sign_digest(keccak(b"\x19\x01" + separator + struct))
        return Permit(amount, deadline, signature[64], signature[:32], signature[32:64])
