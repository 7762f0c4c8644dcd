"""Trees of blocks: made as others make them, and read from whoever sends them."""

from __future__ import annotations

import pytest

from suanli.store.ipfs.dag import (
    RAW,
    BadBlock,
    Cid,
    Link,
    UnixfsNode,
    cid_of_block,
    decode,
    encode,
    read_cid,
    tree,
)


def link(data: bytes) -> Link:
    return Link(cid_of_block(RAW, data), len(data), len(data))


@pytest.mark.parametrize(
    ("data", "leaf", "root"),
    [
        (
            b"suanli" * 400_000,
            1 << 20,
            "bafybeibsx5vvac7h6xs7n7g2afjrp7swsxyatlgfxbzfsqpwlgs7diklqu",
        ),
        (b"s" * 1750, 10, "bafybeiefej4e2ogowfdjxavazinq7c7de2ypx5fljddj2l6e4hlyxcbxvq"),
        (b"s" * 60_557, 2, "bafybeia2ppiz5c5lsujrp3bacm4rgfnucajk2umnp224md2ytgyo5rhgci"),
    ],
)
def test_roots_are_those_of_another_implementation(data: bytes, leaf: int, root: str) -> None:
    # By ipfs-unixfs-importer 17.1.1: one, two and three levels of nodes.
    made = tree([link(data[at : at + leaf]) for at in range(0, len(data), leaf)])
    assert str(list(made)[-1][0].cid) == root


def test_a_node_of_an_older_kubo_holds_bytes_itself() -> None:
    # `ipfs add` of 50 bytes by Kubo 0.22, which says them in a node.
    hello = b"hello" * 10
    inside = b"\x08\x02\x12\x32" + hello + b"\x18\x32"
    assert decode(b"\x0a\x38" + inside) == UnixfsNode(hello, [])


def test_links_of_an_older_kind_and_packed_sizes_are_read() -> None:
    cid = cid_of_block(RAW, b"a")
    old = b"\x12\x20" + cid.digest
    links = b"\x12" + bytes([len(old) + 2]) + b"\x0a\x22" + old
    assert decode(links + b"\x0a\x05" + b"\x08\x02\x22\x01\x07") == UnixfsNode(
        b"", [Link(Cid(0x70, cid.digest), 7)]
    )


@pytest.mark.parametrize("length", range(0, 52, 4))
def test_no_beginning_of_a_node_is_one(length: int) -> None:
    with pytest.raises(BadBlock):
        decode(encode([link(b"a")])[:length])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "QmXzxJg24NBKWXDtHUoV2iEQ1ftmS52gPNP2Qf23YmSTPF",
        "bafybeibsx5vvac7h6xs7n7g2afjrp7swsxyatlgfxbzfsqpwlgs7diklqv",
        "bafyreibsx5vvac7h6xs7n7g2afjrp7swsxyatlgfxbzfsqpwlgs7diklqu",
        "BAFYBEIBSX5VVAC7H6XS7N7G2AFJRP7SWSXYATLGFXBZFSQPWLGS7DIKLQU",
    ],
)
def test_what_is_no_cid_of_a_file(text: str) -> None:
    with pytest.raises(BadBlock, match=r"not the CID of a file|of another kind"):
        read_cid(text)
