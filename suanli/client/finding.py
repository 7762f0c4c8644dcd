"""What people name: a miner by number or address, a contract of the market's by its address."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from suanli.base.text import is_address
from suanli.chain import ChainError, Market
from suanli.client.errors import ClientError
from suanli.protocol import ZERO_ADDRESS

MOST_NUMBER = 2**32 - 1


class FoundMiner(NamedTuple):
    """A miner: its number and the account it works with."""

    number: int
    account: str


class OfMarket(Protocol):
    """A contract that serves one market."""

    address: str

    def market(self) -> str: ...


C = TypeVar("C", bound=OfMarket)


def find_miner(market: Market, miner: str) -> FoundMiner:
    """A miner by its number or address.

    Raises:
        ClientError: it is neither, or nobody is registered there.
    """
    if is_address(miner):
        account = market.miner_account(miner)
        if account is None:
            raise ClientError(f"{miner} is no miner of this market: is the address right?")
        return FoundMiner(account.miner_id, miner.lower())
    if not (miner.isascii() and miner.isdecimal() and 0 < int(miner) <= MOST_NUMBER):
        raise ClientError(f"{miner!r} is neither a miner's number nor its address")
    account_of = market.miner_of(int(miner))
    if account_of == ZERO_ADDRESS:
        raise ClientError(f"there is no miner {int(miner)} in this market")
    return FoundMiner(int(miner), account_of)


def of_market(
    market: Market,
    kind: Callable[..., C],
    address: str | None,
    usual: str,
    what: str,
    option: str,
    wrong: type[ClientError],
) -> C:
    """The contract of a kind, made of node, address and block, at an address, or that which the
    newest terms name; `what` and `option`: how it is called, and given.

    Raises:
        wrong: there is none, or it is another market's.
    """
    where = address or usual
    if not is_address(where):
        raise wrong(f"{where!r} can't be the {what}: its address is 0x and 40 digits")
    found = kind(market.node, where.lower(), market.block)
    try:
        of = found.market()
    except ChainError:
        told = f"at {where} is" if address else f"the newest terms name {where}, which is"
        raise wrong(f"{told} no {what}: name another with {option}") from None
    if of != market.address:
        raise wrong(f"the {what} {found.address} is for the market {of}, not {market.address}")
    return found
