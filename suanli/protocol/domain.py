"""Where signatures hold: one market on one chain, by an EIP-712 domain.

All messages are signed under it, those too that no contract ever reads, so that none holds at
another deployment; their types tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_utils.crypto import keccak

from suanli.protocol.json_form import to_json
from suanli.protocol.messages import Request
from suanli.protocol.schema import fields_of, struct_hash

NAME, VERSION = "Suanli", "1"
_FIELDS = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
_TYPE = keccak(text=f"EIP712Domain({','.join(f'{kind} {name}' for name, kind in _FIELDS)})")


@dataclass(frozen=True)
class Domain:
    """`market`: its address, lowercase with 0x."""

    chain_id: int
    market: str

    @cached_property
    def separator(self) -> bytes:
        market = int(self.market, 16).to_bytes(32, "big")
        names = keccak(text=NAME) + keccak(text=VERSION)
        return keccak(_TYPE + names + self.chain_id.to_bytes(32, "big") + market)

    def digest(self, message: tuple[Any, ...]) -> bytes:
        """The 32 bytes that are signed; a request's are its id."""
        return keccak(b"\x19\x01" + self.separator + struct_hash(message))

    def request_id(self, request: Request) -> bytes:
        """Its digest."""
        return self.digest(request)

    def typed_data(self, message: tuple[Any, ...]) -> dict[str, Any]:
        """As wallets take it to sign (`eth_signTypedData_v4`). Raises InvalidMessage."""
        kind = type(message)
        own = [{"name": field.name, "type": field.of.kind} for field in fields_of(kind)]
        return {
            "domain": {
                "name": NAME,
                "version": VERSION,
                "chainId": self.chain_id,
                "verifyingContract": self.market,
            },
            "types": {
                "EIP712Domain": [{"name": name, "type": kind} for name, kind in _FIELDS],
                kind.__name__: own,
            },
            "primaryType": kind.__name__,
            "message": to_json(message),
        }
