"""A blob put by one node's store is read by another's, whatever its size, or the error says why."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from suanli.store import (
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    StoreUnavailable,
    cid_of,
    fetch,
)
from suanli.store.ipfs import BadPlace, Cid, parse, read_cid, reading
from suanli.store.ipfs.dag import DAG_PB, LEAF, RAW, Link, encode
from suanli.store.ipfs.patience import Patience
from tests.harness.kubo import Kubo
from tests.suanli.store.ipfs.conftest import Nodes

LARGE = random.Random(1).randbytes(2 * LEAF + 77)
DIGEST = hashlib.sha256(LARGE).digest()


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def pieces(data: bytes, size: int = 300_000) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [0, 1, LEAF - 1, LEAF])
def test_a_small_blob_is_a_block_with_the_cid_of_all_stores(nodes: Nodes, size: int) -> None:
    mine, data = nodes.node(), LARGE[:size]
    assert nodes.store(mine).put(pieces(data)) == digest(data)
    assert {str(cid): block for cid, block in mine.blocks.held.items()} == {
        cid_of(digest(data)): data
    }
    assert [str(cid) for cid in mine.pins] == [cid_of(digest(data))]
    assert nodes.store(nodes.node(mine)).get(digest(data), max(size, 1)) == data
    assert nodes.told.roots == {}


@pytest.mark.parametrize("size", [LEAF + 1, 2 * LEAF, 2 * LEAF + 77])
def test_a_large_blob_is_a_file_whose_root_is_told(nodes: Nodes, size: int) -> None:
    mine, data = nodes.node(), LARGE[:size]
    assert nodes.store(mine).put(pieces(data), digest(data)) == digest(data)
    (root,) = nodes.told.find(digest(data))
    assert [str(cid) for cid in mine.pins] == [root]
    theirs = nodes.node(mine)
    assert b"".join(nodes.store(theirs).stream(digest(data))) == data
    mine.collect()
    assert nodes.store(mine).get(digest(data)) == data


def test_the_root_is_the_one_that_ipfs_add_makes(nodes: Nodes) -> None:
    # Of `ipfs add --cid-version=1 --raw-leaves --chunker=size-1048576`, by Helia's UnixFS.
    nodes.store(nodes.node()).put(b"suanli" * 400_000)
    ((root,),) = nodes.told.roots.values()
    assert root == "bafybeibsx5vvac7h6xs7n7g2afjrp7swsxyatlgfxbzfsqpwlgs7diklqu"


def test_the_rest_of_a_blob_takes_the_blocks_that_are_left(nodes: Nodes) -> None:
    mine = nodes.node()
    nodes.store(mine).put(LARGE)
    for start in (1, LEAF - 1, LEAF, 2 * LEAF + 76, len(LARGE)):
        theirs = nodes.node(mine)
        assert b"".join(nodes.store(theirs).stream(DIGEST, start)) == LARGE[start:]
        leaves = {cid for cid in theirs.blocks.held if cid.codec == RAW}
        assert len(leaves) == 3 - start // LEAF if start < len(LARGE) else not leaves


def test_what_broke_off_goes_on_from_there(nodes: Nodes, tmp_path: Any) -> None:
    mine = nodes.node()
    nodes.store(mine).put(LARGE)
    theirs, last = nodes.node(mine), Cid(RAW, digest(LARGE[2 * LEAF :]))
    away = (500, {}, b"")
    theirs.answers = lambda command, params: away if params["arg"] == [str(last)] else None
    here = DirectoryStore(tmp_path / "here")
    store = nodes.store(theirs)
    with pytest.raises(StoreUnavailable, match="refuses: 500"):
        fetch(store, here, DIGEST)
    theirs.answers = lambda command, params: None
    theirs.asked.clear()
    fetch(store, here, DIGEST)
    assert here.get(DIGEST) == LARGE
    assert theirs.asked.count("block/get") <= 4


def test_many_small_blobs_go_and_come_together(nodes: Nodes) -> None:
    mine = nodes.node()
    blobs = {digest(data): data for data in (b"%d" % i for i in range(100))}
    blobs[DIGEST] = LARGE
    nodes.store(mine).put_many(blobs)
    assert mine.asked.count("block/put") == 5  # three leaves, a root, and all the small ones
    asked = [*blobs, digest(b"absent")]
    del blobs[DIGEST]
    assert nodes.store(nodes.node(mine)).get_many(asked) == blobs
    with pytest.raises(BlobCorrupt):
        nodes.store(mine).put_many({digest(b"a"): b"b"})


def test_what_was_pinned_here_is_not_missing_until_it_is_gone(nodes: Nodes) -> None:
    mine = nodes.node()
    store = nodes.store(mine)
    assert store.missing([DIGEST]) == {DIGEST}
    store.put(LARGE)
    assert store.missing([DIGEST, digest(b"a")]) == {digest(b"a")}
    assert store.has(DIGEST)
    mine.pins.clear()
    assert store.missing([DIGEST]) == set()
    assert mine.pins  # again
    del mine.blocks.held[Cid(RAW, digest(LARGE[:LEAF]))]
    assert store.missing([DIGEST]) == {DIGEST}


def test_what_is_not_wanted_any_more_is_unpinned(nodes: Nodes) -> None:
    mine = nodes.node()
    store = nodes.store(mine)
    for data in (LARGE, b"by hand", b"old"):
        store.put(data)
    assert store.unpin(DIGEST)
    assert not store.unpin(DIGEST)
    mine.pins.remove(Cid(RAW, digest(b"by hand")))
    assert store.unpin(digest(b"by hand"))
    assert mine.pins == {Cid(RAW, digest(b"old"))}
    nodes.now += 35 * 86_400 + 1
    nodes.store(mine).put(b"new")
    assert mine.pins == {Cid(RAW, digest(b"new"))}


def test_a_blob_with_another_digest_is_not_pinned(nodes: Nodes) -> None:
    mine = nodes.node()
    for data in (b"a", LARGE):
        with pytest.raises(BlobCorrupt, match="the data that came is"):
            nodes.store(mine).put(data, digest(b"b"))
    assert mine.pins == set()
    with pytest.raises(BlobTooLarge, match="10 bytes in this store"):
        nodes.store(mine, max_blob=10).put(b"a" * 11)


def test_gateways_give_and_take_nothing(nodes: Nodes) -> None:
    mine = nodes.node()
    nodes.store(mine).put(LARGE)
    nodes.store(mine).put(b"small")
    reader = nodes.store(f"ipfs:{mine.url}")
    assert reader.get(DIGEST) == LARGE
    assert reader.get(digest(b"small")) == b"small"
    assert reader.has(DIGEST)
    assert not reader.has(digest(b"absent"))
    with pytest.raises(StoreUnavailable, match="gateways only give: to put blobs, name a node's"):
        reader.put(b"a")


def test_a_gateway_helps_a_node_that_finds_nothing(nodes: Nodes) -> None:
    mine, alone = nodes.node(), nodes.node()
    nodes.store(mine).put(LARGE)
    assert nodes.store(f"{alone.place},{mine.url}").get(DIGEST) == LARGE


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("ipfs:/ip4/127.0.0.1/tcp/5001", ("http://127.0.0.1:5001", [])),
        ("ipfs:/ip6/::1/tcp/5001/http", ("http://[::1]:5001", [])),
        ("ipfs:/dns/node.example/tcp/443/https", ("https://node.example:443", [])),
        (
            "ipfs:https://g.example,http://h.example/x",
            (None, ["https://g.example", "http://h.example/x"]),
        ),
        ("ipfs:https://g.example,/dns4/n/tcp/1", ("http://n:1", ["https://g.example"])),
    ],
)
def test_places_on_ipfs(where: str, found: Any) -> None:
    assert parse(where) == found


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("ipfs:", "names no|is no place"),
        ("ipfs:/ip4/127.0.0.1/tcp/0", "is no place on IPFS"),
        ("ipfs:/ip4/127.0.0.1/udp/4001/quic", "is no place on IPFS: write a node's RPC address"),
        ("ipfs:ftp://x", "is no place on IPFS"),
        ("ipfs:/ip4/1.1.1.1/tcp/1,/ip4/1.1.1.2/tcp/1", "names several nodes"),
    ],
)
def test_what_is_no_place_on_ipfs(where: str, why: str) -> None:
    with pytest.raises(BadPlace, match=why):
        parse(where)


# Those who lie, are slow, or vanish


def told_root(nodes: Nodes, mine: Kubo, data: bytes) -> str:
    """Tell that the large blob is what this is."""
    other = nodes.store(mine).put(data)
    (root,) = nodes.told.roots.pop(other)
    nodes.told.tell(DIGEST, root)
    return root


def test_a_false_root_costs_time_only(nodes: Nodes) -> None:
    liar = nodes.node()
    told_root(nodes, liar, bytes(LEAF + 5))
    theirs = nodes.node(liar)
    store = nodes.store(theirs)
    with pytest.raises(StoreUnavailable, match=r"not under bafybei.*, as was told: try again"):
        list(store.stream(DIGEST))
    with pytest.raises(BlobMissing):
        store.get(DIGEST)
    mine = nodes.node()
    nodes.store(mine).put(LARGE)
    theirs.blocks.peers.append(mine.blocks)
    assert b"".join(store.stream(DIGEST)) == LARGE
    assert nodes.store(theirs).get(DIGEST) == LARGE


def test_of_several_roots_the_right_one_is_found(nodes: Nodes) -> None:
    liar, mine = nodes.node(), nodes.node()
    for size in (5, 6):
        told_root(nodes, liar, bytes(LEAF + size))
    nodes.told.tell(DIGEST, str(Cid(DAG_PB, digest(b"nobody has it"))))
    nodes.told.tell(DIGEST, "nonsense")
    nodes.store(mine).put(LARGE)
    assert b"".join(nodes.store(nodes.node(liar, mine)).stream(DIGEST)) == LARGE


def test_a_false_root_does_not_hide_a_small_blob(nodes: Nodes) -> None:
    mine = nodes.node()
    nodes.store(mine).put(b"small")
    for name in (b"a", b"b"):
        nodes.told.tell(digest(b"small"), str(Cid(DAG_PB, digest(name))))
    assert nodes.store(nodes.node(mine)).get(digest(b"small")) == b"small"


def leaf(data: bytes) -> Link:
    return Link(Cid(RAW, digest(data)), len(data), len(data))


@pytest.mark.parametrize(
    "block",
    [
        b"\xff" * 40,
        b"",
        b"\x12\x7f",
        encode([leaf(b"a")._replace(size=2)]),
        encode([leaf(b"a")._replace(size=0)]),
        encode([leaf(b"a")._replace(size=1 << 62)]),
        encode([leaf(b"a")])[:-2],
    ],
)
def test_a_root_that_is_no_file(nodes: Nodes, block: bytes) -> None:
    mine = nodes.node()
    root = Cid(DAG_PB, digest(block))
    mine.blocks.held |= {root: block, Cid(RAW, digest(b"a")): b"a"}
    nodes.told.tell(DIGEST, str(root))
    store = nodes.store(nodes.node(mine))
    with pytest.raises(StoreUnavailable, match="as was told: try again"):
        list(store.stream(DIGEST))
    with pytest.raises(BlobMissing):
        store.get(DIGEST)


def test_a_file_that_is_its_own_part_ends(nodes: Nodes) -> None:
    block, held = encode([leaf(b"a")]), dict[Cid, bytes]()
    for _ in range(20):
        cid = Cid(DAG_PB, digest(block))
        held[cid] = block
        block = encode([Link(cid, 1, 1)])
    mine = nodes.node()
    mine.blocks.held |= held
    nodes.told.tell(DIGEST, str(cid))
    with pytest.raises(StoreUnavailable, match="as was told"):
        list(nodes.store(mine).stream(DIGEST))
    assert mine.asked.count("block/get") < 12


def test_a_wrong_or_lost_block_is_no_fault_of_the_root(nodes: Nodes) -> None:
    mine = nodes.node()
    nodes.store(mine).put(LARGE)
    last, theirs = str(Cid(RAW, digest(LARGE[2 * LEAF :]))), nodes.node(mine)
    store = nodes.store(theirs)
    theirs.answers = lambda c, params: (200, {}, b"other") if params["arg"] == [last] else None
    with pytest.raises(BlobCorrupt, match=f"{cid_of(DIGEST)}: of its blocks, blob {last}: .*other"):
        list(store.stream(DIGEST))
    lost = (500, {}, b'{"Message": "context deadline exceeded"}')
    theirs.answers = lambda c, params: lost if params["arg"] == [last] else None
    with pytest.raises(BlobMissing, match=f"{cid_of(DIGEST)}: of its blocks, blob {last}: not f"):
        list(store.stream(DIGEST))
    theirs.answers = lambda command, params: None
    assert store.get(DIGEST) == LARGE


def test_what_comes_too_slowly_is_given_up() -> None:
    blocks = {link.cid: bytes(LEAF) for link in [leaf(bytes(LEAF))]}
    top = encode([leaf(bytes(LEAF))] * 3)
    root = Cid(DAG_PB, digest(top))
    blocks[root] = top
    now = iter([0.0, 1.0, 1.0, 60.0, 60.0, 124.0, 124.0, 253.0])  # of 60 s + 64 s a MiB
    found = reading.pieces(DIGEST, root, blocks.__getitem__, 4 * LEAF, monotonic=lambda: next(now))
    assert [len(next(found)), len(next(found))] == [LEAF, LEAF]
    with pytest.raises(StoreUnavailable, match="less than 16 KiB a second come: try again"):
        next(found)


def test_names_of_nothing_are_not_waited_for_for_ever() -> None:
    now = [0.0]
    patience = Patience(lambda: now[0])
    for _ in range(3):
        assert patience.seconds() == 20
        now[0] += 20
        patience.lost(20)
    assert patience.seconds() == 20  # a tenth of a minute was borne meanwhile
    now[0] += 20
    patience.lost(20)
    for _ in range(100):
        assert patience.seconds() == 1
        now[0] += 1
        patience.lost(1)
    now[0] += 1_020  # of 162 s in vain, 60 are borne
    assert patience.seconds() == 1
    now[0] += 30
    assert patience.seconds() == 20


def test_a_node_is_told_how_long_to_look(nodes: Nodes, waits: Callable[[float], None]) -> None:
    waits(7.5)
    mine = nodes.node()
    seen: list[list[str]] = []
    mine.answers = lambda command, params: seen.append(params["timeout"])  # type: ignore[func-returns-value]
    with pytest.raises(BlobMissing, match=r"not found on IPFS in 7\.5 s"):
        nodes.store(mine).get(DIGEST, 100)
    assert seen == [["7.5s"]]


def test_an_answer_that_trickles_is_cut(nodes: Nodes, waits: Callable[[float], None]) -> None:
    waits(0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def trickle() -> None:
            caller, _ = server.accept()
            with caller, suppress(OSError):
                caller.recv(1 << 16)
                while not ended.wait(0.05):
                    caller.sendall(b"H")

        thread = threading.Thread(target=trickle)
        thread.start()
        store = nodes.store(f"ipfs:http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(StoreUnavailable, match=r"takes longer than 0\.4 s to answer"):
            store.get(DIGEST, 100)
        ended.set()
        thread.join()


@pytest.mark.parametrize("gateway", [False, True])
@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        ((200, {}, b"other"), BlobCorrupt, "sent other bytes"),
        ((200, {}, b"x" * (2 * LEAF + 1)), BlobCorrupt, "over 2097152 bytes"),
        ((200, {"Content-Encoding": "gzip"}, b""), BlobCorrupt, "packs its answers"),
        ((301, {"Location": "http://elsewhere/"}, b""), StoreUnavailable, "it names http://else"),
        ((429, {}, b"slow down\nplease"), StoreUnavailable, "refuses: slow down$"),
        ((403, {}, b"403 - Forbidden"), StoreUnavailable, "refuses: 403 - Forbidden"),
        ((500, {}, b'{"Message": "lock\\u001b[2J"}'), StoreUnavailable, r"refuses: lock \[2J"),
        ((200, {"Content-Length": "9"}, b"cut"), StoreUnavailable, "takes longer than"),
    ],
)
def test_answers_that_are_no_blob(
    nodes: Nodes, waits: Callable[[float], None], gateway: bool, answer: Any, error: Any, why: str
) -> None:
    waits(0.3)
    mine = nodes.node()
    mine.answers = lambda command, params: answer
    store = nodes.store(f"ipfs:{mine.url}" if gateway else mine)
    with pytest.raises(error, match=why):
        store.get(digest(b"a"), 100)


def test_a_node_that_is_away(nodes: Nodes) -> None:
    store = nodes.store("ipfs:/ip4/127.0.0.1/tcp/9")
    words = r"127.0.0.1:9 can't be reached: .*; start it \(ipfs daemon\), or correct `store`"
    for act in (
        lambda: store.put(b"a"),
        lambda: store.get(digest(b"a")),
        lambda: store.get_many([digest(b"a")]),
        lambda: store.put_many({digest(b"a"): b"a"}),
    ):
        with pytest.raises(StoreUnavailable, match=words):
            act()


def test_a_node_that_keeps_other_blocks(nodes: Nodes) -> None:
    mine = nodes.node()
    mine.answers = lambda command, params: (200, {}, b'{"Key": "QmOther"}\nnonsense\n')
    with pytest.raises(StoreUnavailable, match=r"is it Kubo 0\.12 or newer"):
        nodes.store(mine).put(b"a")


def test_roots_are_read_as_they_are_written() -> None:
    cid = Cid(DAG_PB, DIGEST)
    assert read_cid(str(cid)) == cid
