"""Contract accounts (ERC-1271) as requesters: their owner's key signs for them; what the market
takes from the requester itself, the wallet has to send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from suanli.chain import Call, Node, contracts_at
from suanli.client.errors import ClientError
from suanli.protocol import Domain, Of, Signer, sign


class OwnerProbe(NamedTuple):
    """Signed to see whether a wallet takes it; binds nobody."""

    question: Annotated[str, Of("string", "what is asked", most=100)] = (
        "May this key sign for the wallet?"
    )


class WalletMust(ClientError):
    """Calls that a wallet itself has to send, one after the other: `calls` has them."""

    def __init__(self, why: str, wallet: str, calls: Sequence[Call[Any]], then: str = "") -> None:
        self.calls = tuple(calls)
        lines = [f"{why}: send from {wallet}, in this order", *map(shown, self.calls), then]
        super().__init__("\n".join(line for line in lines if line))


def shown(call: Call[Any]) -> str:
    return f"  {call.name}: to {call.to} data 0x{call.data.hex()}"


def as_object(call: Call[Any]) -> dict[str, Any]:
    """For wallets and scripts."""
    return {"name": call.name, "to": call.to, "data": "0x" + call.data.hex(), "value": call.value}


def require_owner(node: Node, wallet: str, account: Signer) -> None:
    """Raises ClientError: the wallet does not take the account's signature for its own."""
    if not node.code(wallet):
        raise ClientError(f"there is no contract account at {wallet}: is the chain right?")
    domain, probe = Domain(node.chain_id(), wallet), OwnerProbe()
    signature = sign(domain, probe, account, wallet).signature
    if not contracts_at(node)(wallet, domain.digest(probe), signature):
        raise ClientError(
            f"the contract account {wallet} does not take a signature of {account.address} for its"
            " own (ERC-1271): name the account of its owner with --account; a wallet that wants"
            " several owners, or signatures in a form of its own, can't be used"
        )
