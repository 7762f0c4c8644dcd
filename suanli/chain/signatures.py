"""Contract accounts that sign (ERC-1271)."""

from __future__ import annotations

from eth_utils.crypto import keccak

from suanli.chain.errors import RpcError
from suanli.chain.node import BlockName, Node
from suanli.protocol import Contracts

_ERC1271 = keccak(text="isValidSignature(bytes32,bytes)")[:4]
_VALID = _ERC1271.ljust(32, b"\0")


def contracts_at(node: Node, block: BlockName = "latest") -> Contracts:
    """What `suanli.protocol.verify` asks whether a contract takes a signature for its own."""

    def agrees(contract: str, digest: bytes, signature: bytes) -> bool:
        offset, length = (64).to_bytes(32, "big"), len(signature).to_bytes(32, "big")
        padded = signature.ljust(-(-len(signature) // 32) * 32, b"\0")
        try:
            answer = node.call(contract, _ERC1271 + digest + offset + length + padded, block=block)
        except RpcError:
            return False
        return answer[:32] == _VALID

    return agrees
