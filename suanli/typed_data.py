"""The EIP-712 structs of the market (domain "Suanli", version "1") and their signatures.

A request's id is its digest; see interfaces/IRequestBook.sol for what each field means.
"""

from typing import Any, NamedTuple

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

TYPES = {
    "Request": (
        "address requester,address miner,uint32 resource,uint64 units,uint96 maxPrice,"
        "uint40 confirmBy,uint32 duration,uint32 tasks,bytes32 job,uint32 terms,uint16 flags,"
        "uint32 epoch,uint64 salt"
    ),
    "Acceptance": "bytes32 request,bytes32 root,uint64 unitsUsed",
    "Release": "bytes32 request",
}
"""Fields of each struct, as in its EIP-712 type string."""


class Request(NamedTuple):
    """`IRequestBook.Request`, in its order and with its names."""

    requester: str
    miner: str
    resource: int
    units: int
    maxPrice: int  # noqa: N815
    confirmBy: int  # noqa: N815
    duration: int
    tasks: int
    job: bytes
    terms: int
    flags: int = 0
    epoch: int = 0
    salt: int = 0


class Domain(NamedTuple):
    """One market on one chain: no signature works on another."""

    chain_id: int
    market: str

    def message(self, struct: str, values: dict[str, Any]) -> SignableMessage:
        """The struct's EIP-712 message, ready to be signed or hashed."""
        pairs = (field.split() for field in TYPES[struct].split(","))
        domain = {
            "name": "Suanli",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": self.market,
        }
        fields = [{"type": kind, "name": name} for kind, name in pairs]
        return encode_typed_data(domain, {struct: fields}, values)

    def request(self, request: Request) -> SignableMessage:
        return self.message("Request", request._asdict())

    def acceptance(self, request: Request, root: bytes, units_used: int) -> SignableMessage:
        """The requester's word that it takes this result: what `submitAccepted` wants."""
        values = {"request": self.request_id(request), "root": root, "unitsUsed": units_used}
        return self.message("Acceptance", values)

    def release(self, request: Request) -> SignableMessage:
        """A party's word that the deal may end for nothing: what `releaseByAgreement` wants."""
        return self.message("Release", {"request": self.request_id(request)})

    def request_id(self, request: Request) -> bytes:
        """32 bytes: the request's EIP-712 digest."""
        return digest(self.request(request))


def digest(message: SignableMessage) -> bytes:
    """The 32 bytes that are signed."""
    return keccak(b"\x19" + message.version + message.header + message.body)


def sign(message: SignableMessage, key: bytes | str) -> bytes:
    """65 bytes (r, s, v); the same every time (RFC 6979)."""
    return bytes(Account.sign_message(message, key).signature)
