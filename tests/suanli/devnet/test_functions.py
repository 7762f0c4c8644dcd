"""Python functions on a devnet: the whole way, with real miners, and all run again here."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.chain import Market, Token
from suanli.devnet import Devnet, DevnetSale
from suanli.python import local_executor
from tests.suanli.python import work

pytestmark = pytest.mark.deep


def test_calls_on_a_devnet(tmp_path: Path) -> None:
    """Every task is run again: what miners gave is what this machine gives, to the bit."""
    with Devnet(tmp_path, 2, DevnetSale(speed=2_000)) as net, net.client() as market:
        before = total(net.market, market.requester)
        with market.executor(budget="10000", audit=1) as executor:
            seeded = list(executor.map(work.seeded, range(40)))
            assert executor.submit(work.fail, 1).exception().args == ("too small", 1)
        report = executor.report
        assert report.miners == 2
        assert before - total(net.market, market.requester) == report.cost > 0
    with local_executor() as executor:
        assert list(executor.map(work.seeded, range(40))) == seeded


def total(market: Market, account: str) -> int:
    """Base units of an account in its wallet and in the market."""
    balance = market.account_of(account)
    wallet = Token(market.node, market.token()).balance_of(account)
    return wallet + balance.available + balance.locked
