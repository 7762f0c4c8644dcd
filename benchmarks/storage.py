"""What storage deals cost: of 1 GB in leaves of 1 KiB, two of them in each proof."""

from __future__ import annotations

from typing import Any

from eth_abi import decode
from eth_utils import keccak

from benchmarks.stage import ASK, BID, FOREVER, LEASED, MINER_KEY, Stage, sign
from suanli.deployment import TOKEN
from suanli.protocol import (
    FILE_LEAF_BYTES,
    LeafProof,
    StorageQuote,
    file_leaf_hash,
    file_leaves,
    file_node_hash,
)
from suanli.protocol.schema import abi_type

HOUR, DAY = 3_600, 86_400
WINDOW = 6 * HOUR
SIZE = 10**9
SAMPLES = 2
LEAF = b"".join(keccak(text=f"leaf {number}") for number in range(FILE_LEAF_BYTES // 32))
"""Every whole one: a tree of 976,563 leaves is made of one hash for each level, and its edge."""
RECORD = f"({abi_type(StorageQuote)},uint112,uint40)"


class Edge:
    """The tree of a file of which all leaves but the last are alike."""

    def __init__(self, size: int) -> None:
        rest = size % FILE_LEAF_BYTES or FILE_LEAF_BYTES
        self.last = file_leaves(size) - 1
        self.short = LEAF[:rest]
        self.inner, self.edge = [file_leaf_hash(LEAF)], [file_leaf_hash(self.short)]
        last = self.last
        while last:
            edge, inner = self.edge[-1], self.inner[-1]
            self.edge.append(file_node_hash(inner, edge) if last % 2 else edge)
            self.inner.append(file_node_hash(inner, inner))
            last //= 2

    def proof(self, index: int) -> LeafProof:
        data = self.short if index == self.last else LEAF
        path, last = [], self.last
        for inner, edge in zip(self.inner, self.edge, strict=True):
            if last == 0:
                break
            if index != last or index % 2:
                path.append(edge if index ^ 1 == last else inner)
            index, last = index // 2, last // 2
        return LeafProof(data, tuple(path))


class Storage:
    """Both parties have money there, and had another deal that was dropped."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.nonce, self.tree = stage, 0, Edge(SIZE)
        market = stage.addresses["ComputeMarket"]
        self.address = stage.chain.deploy(
            "StorageDeals", (market, stage.payout, 100, WINDOW)
        ).address
        stage.addresses["StorageDeals"] = self.address
        stage.contracts["StorageDeals"] = "StorageDeals"
        for party in (stage.requester, stage.miner):
            stage.gas(party, "approve", self.address, 2**256 - 1, target="Token")
            self.call(party, "deposit", 1_000 * TOKEN)
        self.call(stage.miner, "addCollateral", stage.miner, 900 * TOKEN)
        stage.gas(stage.miner, "registerResource", LEASED, 100)
        stage.gas(stage.miner, "publishOffer", LEASED, 100, ASK, FOREVER, False)
        stage.gas(stage.payout, "permitOperator", stage.miner, self.address, 30 * DAY)
        self.call(stage.requester, "closeByRequester", self.open()[1])

    def call(self, sender: str, method: str, *arguments: Any) -> int:
        return self.stage.gas(sender, method, *arguments, target="StorageDeals")

    def open(self) -> tuple[int, tuple[Any, ...]]:
        """Its gas, and the deal's record."""
        stage = self.stage
        self.nonce += 1
        quote = StorageQuote(
            self.address.lower(),
            stage.requester.lower(),
            stage.number,
            LEASED,
            1,
            self.tree.edge[-1],
            SIZE,
            DAY,
            3,
            SAMPLES,
            300 * TOKEN,
            BID,
            self.nonce,
            FOREVER,
        )
        signed = sign(stage.domain.digest(quote), MINER_KEY)
        data = stage.data("open", quote, signed, target="StorageDeals")
        receipt = stage.chain.transact(data, stage.requester)
        told = next(log for log in receipt["logs"] if log["address"] == self.address.lower())
        record = decode([RECORD], bytes.fromhex(told["data"].removeprefix("0x")))[0]
        return int(receipt["gasUsed"], 16), record

    def due(self, record: tuple[Any, ...]) -> int:
        """What naming the block costs, once a period is over."""
        self.stage.advance(DAY)
        return self.call(self.stage.miner, "nameBlock", record)

    def prove(self, record: tuple[Any, ...]) -> int:
        for _ in range(2):
            self.stage.advance(12)
        leaves = self.stage.chain.call("StorageDeals", self.address, "leavesOf", (record,))
        proofs = [self.tree.proof(leaf) for leaf in leaves]
        return self.call(self.stage.bystander, "prove", record, proofs)


def step(stage: Stage, wanted: str) -> int:
    storage = Storage(stage)
    gas, record = storage.open()
    if wanted == "open":
        return gas
    if wanted == "closeByRequester":
        return storage.call(stage.requester, "closeByRequester", record)
    if wanted == "settle":
        stage.advance(DAY + WINDOW + 1)
        return storage.call(stage.bystander, "settle", record)
    storage.due(record)
    storage.prove(record)
    named = storage.due(record)
    if wanted == "nameBlock":
        return named
    proved = storage.prove(record)
    if wanted == "prove":
        return proved
    storage.due(record)
    return storage.prove(record)


def proof(stage: Stage) -> int:
    """Of a period between the first and the last."""
    return step(stage, "prove")


CALLS = {
    f"storage-{name}": (lambda s, name=name: step(s, name))
    for name in ("open", "nameBlock", "prove-last", "settle", "closeByRequester")
}
