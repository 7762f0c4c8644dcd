"""Handing a signed transaction to a node, and what its answer means."""

from __future__ import annotations

from suanli.chain.errors import BadAnswer, ChainError, RpcError, TransportError
from suanli.chain.node import Node

# No standard numbers these errors; nodes (geth and its kin, Anvil, Ganache) share the words.
_REFUSALS = (
    "insufficient funds",
    "enough funds",
    "intrinsic gas too low",
    "exceeds block gas limit",
    "exceeds the block gas limit",
    "gas limit is too high",
    "less than block base fee",
    "invalid chain id",
    "invalid sender",
    "oversized data",
    "max initcode size exceeded",
    "not supported",
)
"""The node has not taken it and won't. Whatever else it says, it may have it: a gateway's error may
come after the transaction went on, and "nonce too low" is what a second copy hears."""


def broadcast(node: Node, raw: bytes) -> ChainError | None:
    """Send it. None: the node has it; an error: why that is not known.

    Raises:
        RpcError: the node certainly does not take it.
    """
    try:
        node.send_raw(raw)
    except RpcError as error:
        if any(words in error.reason.lower() for words in _REFUSALS):
            raise
        return error
    except (TransportError, BadAnswer) as error:
        return error
    return None
