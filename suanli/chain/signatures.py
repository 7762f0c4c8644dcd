"""Who signed a message: a key, or a contract that says so (ERC-1271)."""

from __future__ import annotations

from eth_utils.crypto import keccak

from suanli.chain.errors import RpcError
from suanli.chain.node import BlockName, Node
from suanli.protocol import Domain, Message
from suanli.protocol.messages_deal import digest, recover

_ERC1271 = keccak(text="isValidSignature(bytes32,bytes)")[:4]
_VALID = _ERC1271.ljust(32, b"\0")


def verify(
    domain: Domain,
    message: Message,
    signature: bytes,
    signer: str,
    node: Node | None = None,
    block: BlockName = "latest",
) -> bool:
    """Whether `signer` signed: by its key, or, if `node` is given, as a contract (ERC-1271).

    A contract may change its mind later, so a market asks it again.
    """
    if recover(domain, message, signature) == signer:
        return True
    return node is not None and contract_agrees(
        node, signer, digest(domain, message), signature, block
    )


def contract_agrees(
    node: Node,
    contract: str,
    digest_: bytes,
    signature: bytes,
    block: BlockName = "latest",
) -> bool:
    """Whether a contract takes a signature of 32 bytes for its own (ERC-1271)."""
    offset, length = (64).to_bytes(32, "big"), len(signature).to_bytes(32, "big")
    padded = signature.ljust(-(-len(signature) // 32) * 32, b"\0")
    try:
        answer = node.call(contract, _ERC1271 + digest_ + offset + length + padded, block=block)
    except RpcError:
        return False
    return answer[:32] == _VALID
