"""What the `check` of every daemon looks at first: account, market, nodes, clocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from suanli.base.amounts import show
from suanli.base.errors import SuanliError
from suanli.chain import GWEI, Market, Node, Retrying, node_at
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import clock
from suanli.daemon.config import DaemonConfig
from suanli.daemon.opening import account_of, market_of
from suanli.protocol import Signer
from suanli.relay import RelayClient


@dataclass(frozen=True)
class Finding:
    """`right`, or `text` says what to do."""

    name: str
    right: bool
    text: str


@dataclass(frozen=True)
class Reached:
    """What is there to check the rest by. `ahead`: seconds of the chain's newest block before this
    machine's clock, where that says something."""

    account: Signer | None
    market: Market | None
    ahead: float | None


def examine_market(
    config: DaemonConfig, prompt: Callable[[str], str] | None
) -> Generator[Finding, None, Reached]:
    """The account, and the market with its nodes."""
    account = market = ahead = None
    try:
        account = account_of(config, prompt)
        yield Finding("account", True, account.address)
    except SuanliError as error:
        yield Finding("account", False, str(error))
    try:
        found = market_of(config)
        head, token = found.node.head(), found.token()
        ahead = None if config.chain_id in LOCAL_CHAINS else head.time - time.time()
        yield Finding("chain", True, f"block {head.number}, market {found.address}, token {token}")
        market = found
    except SuanliError as error:
        yield Finding("chain", False, str(error))
    yield from _nodes(config)
    return Reached(account, market, ahead)


def _nodes(config: DaemonConfig) -> Iterator[Finding]:
    """Of several each, since they are used in turn."""
    urls = config.rpc.split(",")
    for url in urls if len(urls) > 1 else ():
        transport = node_at(url.strip())
        try:
            node = Node(Retrying(transport))
            node.require_chain(config.chain_id)
            yield Finding("node", True, f"{transport.name}, block {node.head().number}")
        except SuanliError as error:
            yield Finding("node", False, f"{transport.name}: {error}")


def examine_gas(market: Market, account: Signer, gas: int) -> Finding:
    """Whether the account can pay so much gas."""
    balance = market.node.balance(account.address)
    base = market.node.head().base_fee or 0
    needed = gas * (2 * base + GWEI)
    if balance < needed:
        text = (
            f"{show(balance, 18)} ether for gas, about {show(needed, 18)} are needed: send"
            f" {account.address} more"
        )
        return Finding("gas", False, text)
    return Finding("gas", True, f"{show(balance, 18)} ether")


def examine_clock(relay: float | None, chain: float | None) -> Finding:
    """`relay` and `chain`: by how much their clocks are ahead of this machine's."""
    wrong = clock.trouble(relay, chain)
    return Finding("clock", not wrong, wrong or clock.agreement(relay, chain))


def examined(name: str, text: str, look: Callable[[], object]) -> Finding:
    """`text`, unless looking finds something wrong."""
    try:
        look()
        return Finding(name, True, text)
    except SuanliError as error:
        return Finding(name, False, str(error))


def examine_relays(
    urls: Sequence[str], market: Market, otherwise: str
) -> Generator[Finding, None, float | None]:
    """Each, with what it says that it keeps; returns by how much the clock that is farthest from
    this machine's is ahead. `otherwise`: what is lost without any."""
    clocks: list[float | None] = []
    for url in urls:
        try:
            with closing(RelayClient(url, market.domain)) as relay:
                relay.check()
                clocks.append(relay.ahead)
                yield Finding(
                    "relay", True, f"{url}: {relay.keeps or 'it does not say what it keeps'}"
                )
        except SuanliError as error:
            yield Finding("relay", False, f"{error}{otherwise}")
    return max((ahead for ahead in clocks if ahead is not None), key=abs, default=None)


def nearest_folder(path: Path) -> Path:
    """The folder, or that in which it will be."""
    while not path.exists():
        path = path.parent
    return path
