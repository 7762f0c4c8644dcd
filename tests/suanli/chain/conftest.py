"""One Anvil with one market for all these tests; each test's doings are undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from suanli.chain import Market, Node, connect
from tests.harness.local_chain import Controls, anvil, deploy


@pytest.fixture(scope="session")
def deployed() -> Iterator[Market]:
    with anvil() as url:
        yield deploy(connect(url))


@pytest.fixture
def market(deployed: Market) -> Iterator[Market]:
    with Controls(deployed.node).rollback():
        yield deployed


@pytest.fixture
def node(market: Market) -> Node:
    return market.node


@pytest.fixture
def chain(node: Node) -> Controls:
    return Controls(node)
