"""Accounts whose keys are kept by Clef, geth's signer: in its keystore, or in a Ledger behind it.

Clef is asked for each signature, shows what it is asked for, and answers once a person, or its
rules, agreed. What comes back is used only if it is the signature of exactly what was asked, by
the account that was asked: a Clef that changed something, by whosever will, has signed nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address

from suanli.base.accounts import kept_by_clef, unlock
from suanli.base.config import setting
from suanli.base.text import plain
from suanli.chain.abi import shipped_functions
from suanli.chain.errors import BadAnswer, RpcError, SignatureRefused, SignerAway, TransportError
from suanli.chain.reaching import node_at
from suanli.chain.transport import Transport
from suanli.protocol import Signer, recover

USUAL = "~/.clef/clef.ipc"
"""Where Clef listens unless it is told otherwise, on Linux."""
PATIENCE = 600.0
"""Seconds that a person has to agree."""
_NUMBERS = ("chainId", "nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value")
_HINTS = {
    "does not match the configuration": "start clef with the chain's number (--chainid)",
    "could not be found": "let clef warn instead of reject (--advanced)",
    "does not exist": "is it Clef that listens there?",
    "not available": "is it Clef that listens there?",
    "not found": "is it Clef that listens there?",
}


def signer_of(which: str | None = None, *, prompt: Callable[[str], str] | None = None) -> Signer:
    """The account to act as: `clef:0x…` is one of the Clef at the setting `clef`, anything else as
    `suanli.base.accounts.unlock` has it.

    Raises:
        AccountError: there is no such account, or its passphrase does not open it.
        SignerAway, SignatureRefused: no Clef answers there.
    """
    address = kept_by_clef(which)
    if address is None:
        return unlock(which, prompt=prompt)
    where = setting("clef", None, USUAL) or USUAL
    if where.endswith(".ipc"):
        where = str(Path(where).expanduser())
    try:
        asked = node_at(where, PATIENCE)
    except TransportError as error:
        raise SignerAway(f"the setting clef is wrong: {error}") from None
    account = ClefAccount(address, asked, where)
    account.require_clef()
    return account


class ClefAccount:
    """Only its address is known here. One question at a time: a person answers them."""

    def __init__(self, address: str, clef: Transport, where: str = "") -> None:
        self.address = address.lower()
        self._clef, self._where = clef, where
        self._shown = to_checksum_address(self.address)
        self._alone = threading.Lock()

    def __repr__(self) -> str:
        return f"ClefAccount({self.address})"

    def require_clef(self) -> None:
        """Raises SignerAway, SignatureRefused: nothing answers as Clef does."""
        self._ask("to say who it is", "account_version")

    def sign_typed(self, digest: bytes, data: Callable[[], dict[str, Any]]) -> bytes:
        """See `suanli.protocol.Signer`.

        Raises:
            SignatureRefused: Clef refused, or returned something else.
            SignerAway: it did not answer.
        """
        shown = data()
        what = f"to sign a message ({shown['primaryType']})"
        if _digest(shown) != digest:
            raise SignatureRefused(
                f"{what}: what Clef would show is not what is to be signed; does the contract"
                " at fault name another domain than its own?"
            )
        # Older ones take no number here, only text.
        domain = shown["domain"] | {"chainId": hex(shown["domain"]["chainId"])}
        found = self._ask(what, "account_signTypedData", self._shown, shown | {"domain": domain})
        return self._own(digest, _bytes(found)[:64], what)

    def sign_transaction(self, fields: Mapping[str, Any]) -> bytes:
        """See `suanli.protocol.Signer`. Raises as `sign_typed`."""
        from eth_account.typed_transactions.typed_transaction import TypedTransaction

        signature = signature_of(fields["data"]) if "to" in fields else None
        what = f"to sign a transaction ({signature or 'no function'})"
        asked = {name: hex(fields[name]) for name in _NUMBERS}
        asked |= {"from": self._shown, "data": "0x" + fields["data"].hex()}
        ours = {name: fields[name] for name in ("type", "data", *_NUMBERS)}
        if "to" in fields:
            asked["to"] = to_checksum_address(fields["to"])
            ours["to"] = bytes.fromhex(fields["to"][2:])
        named = [signature] if signature else []
        found = self._ask(what, "account_signTransaction", asked, *named)
        digest = TypedTransaction.from_dict(dict(ours)).hash()
        signed = self._own(digest, _signature_in(found), what)
        parts = {
            "v": hex(signed[64] - 27),
            "r": int.from_bytes(signed[:32], "big"),
            "s": int.from_bytes(signed[32:64], "big"),
        }
        return TypedTransaction.from_dict(ours | parts).encode()

    def _own(self, digest: bytes, compact: bytes, what: str) -> bytes:
        """With the v that fits: of Ledgers it comes in several forms."""
        for v in (27, 28):
            signature = compact + bytes([v])
            if recover(digest, signature) == self.address:
                return signature
        raise SignatureRefused(
            f"Clef was asked {what}, and signed something else, or by another account than"
            f" {self.address}: nothing was sent. Was something changed before it was approved? Then"
            " ask again and leave all as it is"
        )

    def _ask(self, what: str, method: str, *params: Any) -> Any:
        with self._alone:
            try:
                return self._clef.request(method, params)
            except RpcError as error:
                said = plain(error.reason)
                hint = next((hint for words, hint in _HINTS.items() if words in said), "")
                raise SignatureRefused(
                    f"Clef refused {what}: {said}" + (f"; {hint}" if hint else "")
                ) from None
            except (TransportError, BadAnswer) as error:
                raise SignerAway(
                    f"Clef did not answer when it was asked {what} ({plain(str(error))}): start it,"
                    f" or name it by the setting clef (SUANLI_CLEF), which is {self._where}"
                ) from None


def signature_of(data: bytes) -> str | None:
    """Of the function that is called, such as "deposit(uint256)": Clef rejects what it can't name.
    None if there is none, or none of ours."""
    entry = shipped_functions().get(data[:4])
    return f"{entry.name}({','.join(entry.inputs)})" if entry else None


def _digest(shown: dict[str, Any]) -> bytes:
    from eth_account.messages import encode_typed_data
    from eth_utils.crypto import keccak

    made = encode_typed_data(full_message=shown)
    return keccak(b"\x19" + made.version + made.header + made.body)


def _signature_in(answer: Any) -> bytes:
    """r and s of a signed transaction; zeros if it has none. Its bytes are made here, of what was
    asked."""
    try:
        return b"".join(int(answer["tx"][name], 16).to_bytes(32, "big") for name in "rs")
    except (TypeError, KeyError, ValueError, OverflowError):
        return bytes(64)


def _bytes(text: Any) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except (AttributeError, ValueError):
        return b""
