"""Nodes hear of each other by what miners announce, and connect."""

from __future__ import annotations

import threading

import pytest

from suanli.store import StoreUnavailable
from suanli.store.ipfs import peers, reach_of
from suanli.store.ipfs.peers import MOST_KNOWN
from tests.harness.kubo import Kubo
from tests.suanli.store.ipfs.conftest import Nodes

ID = "/p2p/12D3KooWAbcdefghijkmnopqrstuv"


def asked(kubo: Kubo, number: int) -> list[str]:
    """The addresses that it is told to connect to, once there are so many."""
    found: list[str] = []
    enough = threading.Event()

    def look(command: str, params: dict[str, list[str]]) -> None:
        if command == "swarm/connect":
            found.extend(params["arg"])
            if len(found) >= number:
                enough.set()

    kubo.answers = look
    kubo.enough = enough  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    ("host", "reach"),
    [
        ("127.0.0.1", 0),
        ("::1", 0),
        ("localhost", 0),
        ("0.0.0.0", 0),
        ("10.1.2.3", 1),
        ("169.254.169.254", 1),
        ("fd00::1", 1),
        ("1.1.1.1", 2),
        ("node.example", 2),
    ],
)
def test_how_far_an_address_is_known(host: str, reach: int) -> None:
    assert reach_of(host) == reach


def test_a_nodes_own_addresses_the_ones_of_use_to_most_first(nodes: Nodes) -> None:
    mine = nodes.node()
    told = ["/ip4/127.0.0.1/tcp/1", "/ip4/10.0.0.1/udp/1/quic-v1", "/ip4/1.1.1.1/tcp/1"]
    mine.blocks.addresses = lambda: [*(text + ID for text in told), "/nonsense", "x" * 999]  # type: ignore[method-assign]
    good = [text + ID for text in reversed(told)]
    assert nodes.store(mine).peers.own() == " ".join(good)
    mine.answers = lambda command, params: (200, {}, b'{"Addresses": 7}')
    assert nodes.store(mine).peers.own() == ""
    with pytest.raises(StoreUnavailable, match="can't be reached"):
        nodes.store("ipfs:/ip4/127.0.0.1/tcp/9").peers.own()


def test_a_relay_elsewhere_names_nothing_inside_ones_network(nodes: Nodes) -> None:
    mine = nodes.node()
    found = asked(mine, 2)
    store = nodes.store(mine)
    hosts = ["127.0.0.1", "192.168.1.1", "1.1.1.1", "2.2.2.2"]
    store.peers.learn([f"/ip4/{host}/tcp/4001{ID}" for host in hosts] + ["/ip4/3.3.3.3", ""], 2)
    store.peers.meet()
    assert mine.enough.wait(10)  # type: ignore[attr-defined]
    assert sorted(found) == [f"/ip4/{host}/tcp/4001{ID}" for host in hosts[2:]]
    store.peers.meet()  # not so soon again
    assert len(found) == 2


def test_those_heard_of_last_are_kept_in_mind_by_the_next_process(nodes: Nodes) -> None:
    mine = nodes.node()
    store = nodes.store(mine)
    told = [f"/ip4/1.1.1.1/tcp/{number + 1}{ID}" for number in range(MOST_KNOWN + 5)]
    for begin in range(0, len(told), 5):
        store.peers.learn(told[begin : begin + 5], 2)
    found = asked(mine, MOST_KNOWN)
    nodes.store(mine).peers.meet()
    assert mine.enough.wait(10)  # type: ignore[attr-defined]
    wanted = range(6, MOST_KNOWN + 6)
    assert sorted(found) == sorted(f"/ip4/1.1.1.1/tcp/{number}{ID}" for number in wanted)


def test_one_teller_names_few(nodes: Nodes) -> None:
    store = nodes.store(nodes.node())
    store.peers.learn([f"/ip4/1.1.1.1/tcp/{n + 1}{ID}" for n in range(20)], 2)
    assert len(store.peers._known) == peers.MOST_ADDRESSES
