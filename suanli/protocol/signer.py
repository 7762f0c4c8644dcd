"""What the chain needs of an account; `suanli.base.accounts.Account` is one."""

from collections.abc import Mapping
from typing import Any, Protocol


class Signer(Protocol):
    @property
    def address(self) -> str:
        """Lowercase, with 0x."""

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes: r, s (the lower one), v (27 or 28)."""

    def sign_transaction(self, fields: Mapping[str, Any]) -> bytes:
        """The raw transaction, ready to be sent; `fields` named as in JSON-RPC, numbers as int."""
