"""What an account owns, and how it comes to own something on a local chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from suanli.base.amounts import show
from suanli.chain import Call, ChainError, Market, Node, RpcError, Token
from suanli.chain.contract import explain

LOCAL_CHAINS = (1337, 31337)
"""Those the local token works on."""
PATIENCE = 30.0
"""Seconds a local chain may take to mine a gift."""


class CannotFund(ChainError):
    """The chain gives nothing away; the message says what to get where."""


def holdings(node: Node, account: str, market: str | None) -> dict[str, int]:
    """Wei and, if the market is known, base units of its token by where they are; of a miner its
    stake and earnings, too."""
    owned = {"wei": node.balance(account)}
    if market:
        known = Market(node, market)
        balance = known.account_of(account)
        owned["wallet"] = Token(node, known.token()).balance_of(account)
        owned["available"], owned["locked"] = balance.available, balance.locked
        if (miner := known.miner_account(account)) is not None:
            owned["stake"] = known.miner_status(account).stake
            owned["earnings"] = miner.earnings
    return owned


def shown(node: Node, market: str | None, owned: Mapping[str, int]) -> dict[str, str]:
    """Holdings for people."""
    text = {"ether": show(owned["wei"], 18)}
    if market:
        token = Token(node, Market(node, market).token())
        text |= {what: token.show(amount) for what, amount in owned.items() if what != "wei"}
    return text


def fund(
    node: Node,
    account: str,
    wei: int,
    tokens: int,
    market: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Give wei and whole tokens; yields what was given.

    Raises:
        CannotFund: not a local chain, or nobody there to give.
    """
    chain = node.chain_id()
    token = Token(node, Market(node, market).token()) if market else None
    if chain not in LOCAL_CHAINS:
        wanted = f" and of the token {token.address}" if token else ""
        raise CannotFund(
            f"chain {chain} is no local one, nobody gives anything away there: send {account} what"
            f" it needs of the chain's coin (for fees){wanted}"
        )
    giver = _giver(node, account, wei)
    if wei:
        _send(node, {"from": giver, "to": account, "value": hex(wei)}, sleep)
        yield f"{wei / 10**18:g} ether"
    if token is None:
        yield "no tokens: name the market (--market or SUANLI_MARKET) to get its token"
    elif tokens:
        amount = tokens * 10 ** token.decimals()
        for call in (token.faucet(amount), token.transfer(account, amount)):
            _send(node, _transaction(call, giver), sleep)
        yield f"{tokens} {token.symbol()}"


def _giver(node: Node, account: str, wei: int) -> str:
    """An account whose key the node has, as local nodes do, and that has enough."""
    for giver in node.request("eth_accounts"):
        if str(giver).lower() != account and node.balance(giver) > wei + 10**17:
            return str(giver)
    raise CannotFund(
        "the node keeps no account with enough ether: start a local chain that does, such as"
        " Anvil, or send some yourself"
    )


def _transaction(call: Call[Any], giver: str) -> dict[str, str]:
    return {"from": giver, "to": call.to or "", "data": "0x" + call.data.hex()}


def _send(node: Node, transaction: dict[str, str], sleep: Callable[[float], None]) -> None:
    try:
        sent = str(node.request("eth_sendTransaction", transaction))
    except RpcError as error:
        raise explain(error) or CannotFund(f"the node can't give: {error.reason}") from None
    for _ in range(int(PATIENCE / 0.1)):
        receipt = node.receipt(sent)
        if receipt is not None:
            if not receipt.succeeded:
                raise CannotFund(f"the gift failed in transaction {sent}: is the market's right?")
            return
        sleep(0.1)
    raise CannotFund(f"transaction {sent} was not mined in {PATIENCE:g} s: does the chain mine?")
