"""EIP-712 digests of the market's three messages: a request's is its id.

Source: EIP-712; the types stand in `interfaces/IRequestBook.sol` and `ISettlement.sol`. All fields
are static, so a struct's encoding is its type's hash and one 32-byte word for each field.
"""

from dataclasses import dataclass
from functools import cached_property

from eth_utils.crypto import keccak

from suanli.protocol.records import Address, Request

_DOMAIN = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_REQUEST = keccak(
    text="Request(address requester,address miner,uint32 resource,uint64 units,uint96 maxPrice,"
    "uint40 confirmBy,uint32 duration,uint32 tasks,bytes32 job,uint32 terms,uint16 flags,"
    "uint32 epoch,uint64 salt)"
)
_ACCEPTANCE = keccak(text="Acceptance(bytes32 request,bytes32 root,uint64 unitsUsed)")
_RELEASE = keccak(text="Release(bytes32 request)")


def _encode(*fields: int | str | bytes) -> bytes:
    """One word for each integer, address or 32 bytes."""
    return b"".join(_word(value) for value in fields)


def _word(value: int | str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32, "big")


@dataclass(frozen=True)
class Domain:
    """Where signatures hold: one market on one chain."""

    chain_id: int
    market: Address

    @cached_property
    def separator(self) -> bytes:
        name, version = keccak(text="Suanli"), keccak(text="1")
        return keccak(_encode(_DOMAIN, name, version, self.chain_id, self.market))

    def request_id(self, request: Request) -> bytes:
        return self._digest(_REQUEST, *request)

    def acceptance(self, request_id: bytes, root: bytes, units_used: int) -> bytes:
        """What a requester signs to pay a result at once."""
        return self._digest(_ACCEPTANCE, request_id, root, units_used)

    def release(self, request_id: bytes) -> bytes:
        """What both parties sign or send to end a deal for nothing."""
        return self._digest(_RELEASE, request_id)

    def _digest(self, *fields: int | str | bytes) -> bytes:
        struct = keccak(_encode(*fields))
        return keccak(b"\x19\x01" + self.separator + struct)
