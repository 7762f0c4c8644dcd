"""What everybody paid for gas on a devnet's chain: each transaction by who sent it and what it
called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from suanli.chain import Node, shipped_functions

CREATION, TRANSFER = "create", "send coins"


@dataclass(frozen=True)
class Spent:
    """A transaction. `price` in wei per gas."""

    block: int
    sender: str
    what: str
    gas: int
    price: int
    failed: bool


def spent(node: Node, first: int, last: int) -> Iterator[Spent]:
    """The transactions of these blocks, in order."""
    for number in range(first, last + 1):
        for sent in node.request("eth_getBlockByNumber", hex(number), True)["transactions"]:
            receipt = node.receipt(sent["hash"])
            assert receipt is not None, "it is in a block"
            yield Spent(
                number,
                sent["from"].lower(),
                _what(sent),
                receipt.gas_used,
                receipt.gas_price,
                not receipt.succeeded,
            )


def _what(sent: Mapping[str, str | None]) -> str:
    if sent["to"] is None:
        return CREATION
    selector = bytes.fromhex((sent["input"] or "0x")[2:10])
    if not selector:
        return TRANSFER
    entry = shipped_functions().get(selector)
    return entry.name if entry else "0x" + selector.hex()
