"""What is missing before a miner can sell space, and what there is."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from suanli.base.amounts import show, show_price
from suanli.base.config import ConfigError
from suanli.base.errors import SuanliError
from suanli.chain import Market, StorageDeals, Token
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import Finding
from suanli.daemon.checks import Reached, nearest_folder
from suanli.lease.errors import LinkLost, LinkRefused
from suanli.lease.storage.keeper import selling
from suanli.lease.storage.keeper.config import KeepingSpace, read
from suanli.lease.wire import accepting, connect, is_public

NAME = "space"


def examine(
    path: Path, data: Path, reached: Reached, relays: Sequence[str] = ()
) -> Iterator[Finding]:
    """Of its file, its data, the market if it was reached; nothing, where it sells no space."""
    try:
        given = read(path)
    except ConfigError as error:
        yield Finding(NAME, False, str(error))
        return
    if given is None:
        return
    yield _folder(given, given.folder_in(data))
    local = True
    if reached.market is not None:
        local = reached.market.domain.chain_id in LOCAL_CHAINS
        account = reached.account.address if reached.account is not None else ""
        yield from _on_chain(given, reached.market, account)
    yield from asyncio.run(_addresses(given, local, relays))


def _folder(given: KeepingSpace, folder: Path) -> Finding:
    there = nearest_folder(folder.absolute())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(NAME, False, f"{folder} can't be written: {there} is not this user's")
    used = sum(file.stat().st_size for file in folder.glob("*") if file.is_file())
    free = shutil.disk_usage(there).free
    holds = f"{folder} holds {_shown(used)} of {_shown(given.disk)}"
    text = f"{holds}; {_shown(free)} are free on its disk"
    if used + free < given.disk:
        return Finding(NAME, False, f"{text}: lower `disk`, or make room")
    return Finding(NAME, True, text)


def _shown(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 10**9 else f"{size / 1e6:,.0f} MB"


def _on_chain(given: KeepingSpace, market: Market, account: str) -> Iterator[Finding]:
    token = Token(market.node, market.token())
    deals = StorageDeals(market.node, given.deals)
    try:
        selling.require_of(market, deals)
        space = selling.space_of(market, given, token.decimals())
        known = market.miner_account(account) if account else None
        if known is not None:
            selling.permitted(market, deals, account, known.miner_id, given)
        proof, leaf = (show(amount, token.decimals(), 18) for amount in (space.proof, space.leaf))
        least = f"; a period pays {proof} and {leaf} a leaf at least" if space.proof else ""
        yield Finding(
            NAME,
            True,
            f"{given.units:,} units of class {given.resource}, {space.unit:,} bytes each, for"
            f" {show_price(given.price)}{least}",
        )
        if account:
            purse = deals.purse_of(known.miner_id) if known is not None else (0, 0)
            yield _purse(given, deals, token, account, purse)
    except SuanliError as error:
        yield Finding(NAME, False, str(error))


def _purse(
    given: KeepingSpace, deals: StorageDeals, token: Token, account: str, purse: tuple[int, int]
) -> Finding:
    free, locked = purse
    wanted = given.behind(token.decimals())
    missing = max(wanted - free - locked, 0)
    has = deals.account_of(account).available + token.balance_of(account)
    text = f"the purse has {token.show(free)} free and {token.show(locked)} behind deals"
    if missing > has:
        text += (
            f"; {token.show(missing)} are missing and the account has {token.show(has)}: send it"
            f" {token.show(missing - has)} more, or lower `collateral`"
        )
    elif missing:
        text += f", {token.show(missing)} to be added"
    return Finding(NAME, missing <= has, text)


async def _addresses(given: KeepingSpace, local: bool, relays: Sequence[str]) -> list[Finding]:
    """Tried from here, with a listener of its own unless the miner runs."""
    if given.listen is None or not given.addresses:
        if relays:
            text = (
                "bytes come through the relay alone, slowly: `listen` and `addresses` are not named"
            )
            return [Finding(NAME, True, text)]
        text = "nobody can bring bytes: name `listen` and `addresses`, or a relay"
        return [Finding(NAME, False, text)]
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(accepting(_nothing, *given.listen))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                host, port = given.listen
                why = f"{host}:{port} can't be listened at: {error.strerror or error}"
                return [Finding(NAME, False, why)]
        return [await _address(one, local) for one in given.addresses]


async def _address(url: str, local: bool) -> Finding:
    if not local and not _public(url):
        text = f"{url} leads nowhere from outside this network: requesters are not sent there"
        return Finding(NAME, False, text)
    try:
        await (await connect(url)).close()
    except (LinkLost, LinkRefused) as error:
        return Finding(
            NAME, False, f"{error}: open its port, correct `addresses`, or try from elsewhere"
        )
    return Finding(NAME, True, f"{url} answers")


def _public(url: str) -> bool:
    """As far as numbers say; what a name means elsewhere is not known here."""
    host = urlsplit(url).hostname or ""
    try:
        return is_public(ip_address(host))
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


async def _nothing(*_: object) -> None: ...
