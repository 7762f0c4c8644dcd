"""Deposits: just what signed requests may lock, never more."""

from __future__ import annotations

from suanli.accounts import Account
from suanli.chain import (
    ContractError,
    Market,
    NoPermit,
    Sender,
    Token,
    TransactionError,
    TransactionTimeout,
)
from suanli.client.errors import WalletTooSmall

PERMIT_FOR = 3_600
"""Seconds for which a permit is good."""


def wallet_must_hold(market: Market, account: str, amount: int) -> int:
    """What must be deposited so that `amount` base units are available.

    Raises:
        WalletTooSmall: the account does not have it.
    """
    missing = max(0, amount - market.account_of(account).available)
    token = Token(market.node, market.token())
    held = token.balance_of(account)
    if held < missing:
        raise WalletTooSmall(
            f"{account} holds {token.show(held)}, but {token.show(missing)} must be deposited: send"
            f" it {token.show(missing - held)} more (on a local chain: suanli account fund), or"
            " lower the budget"
        )
    return missing


def make_available(market: Market, sender: Sender, account: Account, amount: int) -> int:
    """Deposit what is missing of `amount`, by permit where the token knows permits; returns it.

    Raises:
        WalletTooSmall: nothing was sent.
        ChainError: as `Sender.execute`.
    """
    for sent in sender.pending():  # an earlier run's deposit may be on its way
        try:
            sender.wait(sent)
        except TransactionTimeout:
            raise
        except (ContractError, TransactionError):
            pass  # that it failed is the trouble of whoever sent it
    missing = wallet_must_hold(market, account.address, amount)
    if not missing:
        return 0
    token = Token(market.node, market.token())
    try:
        deadline = market.node.head().time + PERMIT_FOR
        permit = token.sign_permit(account, market.address, missing, deadline)
        call = market.deposit_with_permit(permit)
        call.simulate(account.address)
    except (NoPermit, ContractError):
        sender.execute(token.approve(market.address, missing))
        call = market.deposit(missing)
    sender.execute(call)
    return missing
