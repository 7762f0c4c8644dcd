"""Handing a signed transaction to a node, and what its answer means."""

from __future__ import annotations

from enum import Enum

from suanli.chain.errors import BadAnswer, RpcError, TransportError
from suanli.chain.node import Node


class Outcome(Enum):
    """What the node made of a transaction.

    Sent: it has it. Unknown: no answer came, so it may have it. Nonce used: some transaction with
    this nonce was mined. Nonce taken: another one with this nonce waits, and bids too much to be
    replaced.
    """

    SENT = "sent"
    UNKNOWN = "unknown"
    NONCE_USED = "nonce used"
    NONCE_TAKEN = "nonce taken"


# No standard numbers these errors; nodes (geth and its kin, Anvil, Ganache) share the words.
_MEANINGS = (
    ("already known", Outcome.SENT),
    ("already imported", Outcome.SENT),
    ("known transaction:", Outcome.SENT),
    ("replacement transaction underpriced", Outcome.NONCE_TAKEN),
    ("nonce too low", Outcome.NONCE_USED),
    ("correct nonce", Outcome.NONCE_USED),
    ("nonce is too low", Outcome.NONCE_USED),
)


def broadcast(node: Node, raw: bytes) -> Outcome:
    """Send it; an RpcError that means none of the outcomes is raised: the node won't take it."""
    try:
        node.send_raw(raw)
    except RpcError as error:
        for words, outcome in _MEANINGS:
            if words in error.reason.lower():
                return outcome
        raise
    except (TransportError, BadAnswer):
        return Outcome.UNKNOWN
    return Outcome.SENT
