"""Miners found on the chain alone."""

from __future__ import annotations

from typing import Any

from suanli.chain import Market, Node, RpcError
from suanli.client.offers import Registered
from tests.client.conftest import BOB, CAROL, World

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
    return Registered(Market(Node(transport), world.market.address)), transport


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
