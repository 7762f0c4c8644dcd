"""From a daemon's file to its market: account, chain, relay, and the wait for a node at start."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import TypeVar

from suanli.base.database import DatabaseFailed
from suanli.base.errors import SuanliError
from suanli.chain import (
    GWEI,
    BadAnswer,
    ContractError,
    Fees,
    Market,
    NoContract,
    NotSigned,
    RpcError,
    Sender,
    TransactionTimeout,
    TransportError,
    connect,
    contracts_at,
    signer_of,
)
from suanli.chain.sent import journal_of
from suanli.daemon.config import DaemonConfig
from suanli.daemon.lane import Lane
from suanli.protocol import Signer
from suanli.relay import Relays

T = TypeVar("T")
log = logging.getLogger("suanli.daemon")
AWAY = (TransportError, BadAnswer, RpcError, DatabaseFailed)
"""What waiting mends, even before anything is known of the chain."""
OUTAGES = (*AWAY, ContractError, NoContract, NotSigned)
"""The same once all was found there: a node that is behind, or a reorganized chain, may not know
it; and who keeps the key may have to be told first what to sign."""


class NotReady(SuanliError):
    """Something that the daemon can't mend by itself."""


def account_of(config: DaemonConfig, prompt: Callable[[str], str] | None = None) -> Signer:
    """Raises AccountError, NotSigned."""
    return signer_of(config.account or None, prompt=prompt)


def market_of(config: DaemonConfig) -> Market:
    """Raises ChainError: the node is away, or another chain's."""
    return Market(connect(config.rpc, chain_id=config.chain_id), config.market)


def sender_of(
    config: DaemonConfig, market: Market, account: Signer, most_gas: int, urgent: int, setting: str
) -> Sender:
    """`most_gas`: of one transaction. `urgent`: gwei per gas that what must be in time may cost, by
    a setting of this name."""
    fees = Fees(
        max_fee=config.max_fee_gwei * GWEI,
        most_gas=most_gas,
        urgent=urgent * GWEI,
        how=f"max_fee_gwei in {config.path}",
        how_urgent=f"{setting} in {config.path}",
    )
    return Sender(market.node, account, journal_of(market.node, account.address), fees)


def when_reached(make_ready: Callable[[], T]) -> T:
    """Waits while the chain is away: whoever starts a daemon with the machine starts its node, too.

    Raises:
        SuanliError: nothing that waiting would mend.
    """
    made: list[T] = []
    lane = Lane("chain", (*AWAY, TransactionTimeout), tell=_tell)
    lane.put(lambda: made.append(make_ready()))
    while not made:
        wait = lane.step()
        time.sleep(wait if math.isfinite(wait) else 0)
    return made[0]


def _tell(name: str, why: str) -> None:
    if why:
        log.warning("%s is away, waiting for it: %s", name, why)
    else:
        log.info("%s is back", name)


def relays_of(stack: ExitStack, urls: Sequence[str], market: Market) -> tuple[Relays, Relays]:
    """For messages and for blobs: large ones must not hold up messages."""
    relay = Relays.at(urls, market.domain, contracts=contracts_at(market.node))
    blobs = Relays.at(urls, market.domain, timeout=60)
    return stack.enter_context(closing(relay)), stack.enter_context(closing(blobs))
