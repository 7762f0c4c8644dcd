"""A node's answers are checked before they are believed."""

from __future__ import annotations

from typing import Any

import pytest

from suanli.chain import BadAnswer, Node, RpcError, WrongChain, connect
from tests.harness.faults import Faulty, answer, change, refuse
from tests.harness.local_chain import ALICE, Controls

HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "cd" * 20
BLOCK = {"number": "0x5", "hash": HASH, "parentHash": HASH, "timestamp": "0x9"}
LOG = {
    "address": ADDRESS,
    "topics": [HASH],
    "data": "0x",
    "blockNumber": "0x5",
    "blockHash": HASH,
    "transactionHash": HASH,
    "logIndex": "0x0",
}
RECEIPT = {
    "transactionHash": HASH,
    "blockNumber": "0x5",
    "blockHash": HASH,
    "status": "0x1",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x2",
    "logs": [LOG],
    "contractAddress": None,
}


def saying(method: str, value: Any) -> Node:
    faulty = Faulty(None)  # type: ignore[arg-type]
    faulty.always[method] = answer(value)
    return Node(faulty)


@pytest.mark.parametrize(
    "value", [None, 1, "7", "0x", "0xg", "-0x1", "0x-1", [], {}, "0x1" + "0" * 64]
)
def test_numbers(value: Any) -> None:
    with pytest.raises(BadAnswer, match="eth_chainId"):
        saying("eth_chainId", value).chain_id()


@pytest.mark.parametrize("value", [None, 1, "", "ab", "0xabc", "0xzz", {}])
def test_bytes(value: Any) -> None:
    with pytest.raises(BadAnswer, match="eth_call"):
        saying("eth_call", value).call(ADDRESS, b"")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", "0x6"),
        ("number", None),
        ("hash", "0xab"),
        ("hash", None),
        ("timestamp", 9),
        ("parentHash", "0x"),
        ("baseFeePerGas", "high"),
        ("l1BlockNumber", "0x"),
        ("l1BlockNumber", -1),
        ("l1BlockNumber", True),
    ],
)
def test_blocks(field: str, value: Any) -> None:
    good = saying("eth_getBlockByNumber", BLOCK).block(5)
    assert good is not None
    assert (good.number, good.time, good.base_fee) == (5, 9, None)
    with pytest.raises(BadAnswer):
        saying("eth_getBlockByNumber", BLOCK | {field: value}).block(5)


def test_blocks_that_contracts_number_otherwise() -> None:
    """On Arbitrum `block.number` is the parent chain's, by which a court's draws go."""
    asked = saying("eth_getBlockByNumber", BLOCK).head()
    assert (asked.number, asked.evm_number) == (5, 5)
    for told in ("0x3", 3):  # Anvil writes it so, with Arbitrum's chain id
        rolled = saying("eth_getBlockByNumber", BLOCK | {"l1BlockNumber": told}).head()
        assert (rolled.number, rolled.evm_number) == (5, 3)


@pytest.mark.parametrize("value", [7, "block", []])
def test_blocks_that_are_none(value: Any) -> None:
    with pytest.raises(BadAnswer):
        saying("eth_getBlockByNumber", value).block(5)


def test_a_chain_has_a_newest_block() -> None:
    with pytest.raises(BadAnswer, match="no newest block"):
        saying("eth_getBlockByNumber", None).head()


@pytest.mark.parametrize(
    "changes",
    [
        {"transactionHash": "0x" + "00" * 32},
        {"status": "0x2"},
        {"status": None},
        {"logs": None},
        {"logs": [7]},
        {"logs": [LOG | {"removed": True}]},
        {"logs": [LOG | {"topics": ["0x00"]}]},
        {"blockNumber": "five"},
        {"contractAddress": "0x00"},
    ],
)
def test_receipts(changes: dict[str, Any]) -> None:
    method = "eth_getTransactionReceipt"
    good = saying(method, RECEIPT).receipt(HASH)
    assert good is not None
    assert (good.succeeded, good.block, good.cost, good.contract) == (True, 5, 2 * 21_000, None)
    with pytest.raises(BadAnswer):
        saying(method, RECEIPT | changes).receipt(HASH)


def test_a_receipt_without_a_block_is_none_yet() -> None:
    for value in (None, RECEIPT | {"blockHash": None, "blockNumber": None}):
        assert saying("eth_getTransactionReceipt", value).receipt(HASH) is None


@pytest.mark.parametrize(
    "logs",
    [
        None,
        {},
        [LOG | {"blockNumber": "0xb"}],
        [LOG | {"blockNumber": "0x0"}],
        [LOG | {"address": "0x" + "00" * 20}],
        [LOG | {"topics": ["0x" + "00" * 32]}],
        [LOG | {"topics": []}],
        [LOG | {"removed": True}],
        [LOG, LOG],
        [LOG | {"data": "none"}],
    ],
)
def test_logs(logs: Any) -> None:
    topic = bytes.fromhex("ab" * 32)
    assert len(saying("eth_getLogs", [LOG]).logs(ADDRESS, 1, 10, [topic])) == 1
    with pytest.raises(BadAnswer):
        saying("eth_getLogs", logs).logs(ADDRESS, 1, 10, [topic])


def test_logs_come_in_order() -> None:
    places = [("0x5", "0x1"), ("0x4", "0x9"), ("0x5", "0x0")]
    logs = [LOG | {"blockNumber": block, "logIndex": index} for block, index in places]
    found = saying("eth_getLogs", logs).logs(ADDRESS, 1, 10)
    assert [(log.block, log.index) for log in found] == [(4, 9), (5, 0), (5, 1)]


def test_another_chain_is_refused(node: Node) -> None:
    node.require_chain(31337)
    with pytest.raises(WrongChain, match="serves chain 31337, not 1: name a node of chain 1"):
        node.require_chain(1)


def test_connect_checks_the_chain(node: Node) -> None:
    url = node.transport._transport._url  # type: ignore[attr-defined]
    assert connect(url, 31337).chain_id() == 31337
    with pytest.raises(WrongChain):
        connect(url, 1)


def test_a_node_without_advice_on_tips() -> None:
    faulty = Faulty(None)  # type: ignore[arg-type]
    faulty.always["eth_maxPriorityFeePerGas"] = refuse(RpcError("m", -32601, "unknown method"))
    assert Node(faulty).priority_fee() is None


def test_a_real_node(node: Node, chain: Controls) -> None:
    before = node.head()
    chain.mine()
    after = node.head()
    assert (after.number, after.parent) == (before.number + 1, before.hash)
    assert node.block(before.number) == before
    assert node.block(after.number + 1) is None
    assert after.base_fee is not None
    assert node.balance(ALICE.address) > 10**18
    assert node.code(ALICE.address) == b""
    assert not node.knows(HASH)


def test_a_block_of_another_number_is_refused(node: Node) -> None:
    faulty = Faulty(node.transport)
    faulty.spoil("eth_getBlockByNumber", change(lambda block: block | {"number": "0x0"}))
    with pytest.raises(BadAnswer, match="block 0 is not block 1"):
        Node(faulty).block(1)
