"""Putting tokens into a contract that keeps accounts: a market, a court, payment channels."""

from __future__ import annotations

from typing import Any, Protocol

from suanli.chain.contract import Call
from suanli.chain.errors import ContractError, NoPermit
from suanli.chain.node import Node
from suanli.chain.sender import Sender
from suanli.chain.token import Token
from suanli.protocol import Signer

PERMIT_FOR = 3_600
"""Seconds for which a permit is good."""


class Escrowing(Protocol):
    @property
    def node(self) -> Node: ...

    @property
    def address(self) -> str: ...

    def deposit(self, amount: int) -> Call[Any]: ...

    def deposit_with_permit(
        self, amount: int, deadline: int, v: int, r: bytes, s: bytes
    ) -> Call[Any]: ...


def deposit_into(
    escrow: Escrowing, token: Token, sender: Sender, account: Signer, amount: int
) -> None:
    """By permit where the token knows permits. Raises ChainError, as `Sender.execute`."""
    try:
        deadline = escrow.node.head().time + PERMIT_FOR
        permit = token.sign_permit(account, escrow.address, amount, deadline)
        call = escrow.deposit_with_permit(*permit)
        call.simulate(account.address)
    except (NoPermit, ContractError):
        sender.execute(token.approve(escrow.address, amount))
        call = escrow.deposit(amount)
    sender.execute(call)
