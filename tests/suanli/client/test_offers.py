"""Miners found on the chain alone."""

from __future__ import annotations

from typing import Any

import pytest

from suanli.chain import Market, Node, RpcError
from suanli.client.offers import Registered
from tests.suanli.client.conftest import BOB, CAROL, World

CPU = 1


class Counting:
    """A transport that knows what was asked; `pruned`: like a node without old states."""

    def __init__(self, inner: Any, pruned: bool = False) -> None:
        self._inner, self._pruned = inner, pruned
        self.first_blocks: list[int] = []

    def request(self, method: str, params: Any) -> Any:
        if method == "eth_getLogs":
            self.first_blocks.append(int(params[0]["fromBlock"], 16))
        if method == "eth_getCode" and self._pruned:
            raise RpcError(method, -32000, "missing trie node")
        return self._inner.request(method, params)


def seen_through(world: World, **options: Any) -> tuple[Registered, Counting]:
    transport = Counting(world.node.transport, **options)
    market = Market(Node(transport), world.market.address)
    return Registered(market, world.folder / "miners.json"), transport


def miners(registered: Registered) -> set[str]:
    return {candidate.miner for candidate in registered.offers(CPU)}


def test_miners_are_found_from_the_deployment_on_and_read_once(world: World) -> None:
    world.miner(BOB).join()
    registered, asked = seen_through(world)
    assert miners(registered) == {BOB.address}
    (start,) = asked.first_blocks
    assert not world.node.code(world.market.address, start - 1)
    assert world.node.code(world.market.address, start)
    head = world.node.head().number
    world.miner(CAROL).join()
    assert miners(registered) == {BOB.address, CAROL.address}
    assert asked.first_blocks[1:] == [head + 1]


def test_a_node_without_history_is_read_from_its_beginning(world: World) -> None:
    world.miner(BOB).join()
    registered, asked = seen_through(world, pruned=True)
    assert miners(registered) == {BOB.address}
    assert asked.first_blocks == [0]


def test_the_next_command_reads_on_where_the_last_one_ended(world: World) -> None:
    world.miner(BOB).join()
    first, _ = seen_through(world)
    assert miners(first) == {BOB.address}
    head = world.node.head().number
    world.miner(CAROL).join()
    second, asked = seen_through(world, pruned=True)
    assert miners(second) == {BOB.address, CAROL.address}
    assert asked.first_blocks == [head + 1]


def test_what_a_reorganization_undid_is_forgotten(world: World) -> None:
    """Also what an earlier command has written down."""
    world.miner(BOB).join()
    first, _ = seen_through(world)
    miners(first)
    world.miner(CAROL).join()
    assert miners(first) == {BOB.address, CAROL.address}
    world.chain.anvil_reorg(7, [])
    second, _ = seen_through(world)
    assert miners(second) == {BOB.address}
    assert [who for _, _, who in second._told] == [BOB.address]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"cursor": {}, "miners": [[1]]}', "\0"])
def test_a_damaged_file_is_read_anew(world: World, text: str) -> None:
    world.miner(BOB).join()
    (world.folder / "miners.json").write_text(text)
    registered, _ = seen_through(world)
    assert miners(registered) == {BOB.address}
    again, asked = seen_through(world)
    assert miners(again) == {BOB.address}
    assert asked.first_blocks == [], "nothing new"
