"""Votes by signature: made by who votes, sent by whoever likes (EIP-712)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from suanli.base.text import is_address
from suanli.chain import Call
from suanli.governance.errors import GovernanceError
from suanli.governance.governor import Governor, Support, hex_of
from suanli.protocol import Signer

NAME, VERSION = "Suanli governor", "1"
_DOMAIN = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_BALLOT = keccak(text="Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)")


@dataclass(frozen=True)
class SignedBallot:
    """`chain_id` and `governor` say where it holds, `nonce` that it is the voter's next."""

    chain_id: int
    governor: str
    proposal: int
    support: Support
    voter: str
    nonce: int
    signature: bytes

    @classmethod
    def by(cls, voter: Signer, governor: Governor, proposal: int, support: Support) -> SignedBallot:
        chain_id, nonce = governor.node.chain_id(), governor.nonce(voter.address)
        ballot = chain_id, governor.address, proposal, support, voter.address, nonce
        signature = voter.sign_typed(ballot_digest(*ballot), lambda: ballot_typed_data(*ballot))
        return cls(chain_id, governor.address, proposal, support, voter.address, nonce, signature)

    @classmethod
    def read(cls, text: str) -> SignedBallot:
        """From JSON, as `write` has it.

        Raises:
            GovernanceError: it is none.
        """
        try:
            found = json.loads(text)
            ballot = cls(
                int(found["chain_id"]),
                str(found["governor"]),
                int(found["proposal"], 16),
                Support[str(found["support"]).upper()],
                str(found["voter"]),
                int(found["nonce"]),
                bytes.fromhex(found["signature"].removeprefix("0x")),
            )
            if not (is_address(ballot.governor) and is_address(ballot.voter)):
                raise ValueError("no address")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise GovernanceError(
                "this is no signed vote: suanli govern vote … --sign writes one"
            ) from None
        return ballot

    def write(self) -> dict[str, Any]:
        return {
            "chain_id": self.chain_id,
            "governor": self.governor,
            "proposal": hex_of(self.proposal),
            "support": self.support.name.lower(),
            "voter": self.voter,
            "nonce": self.nonce,
            "signature": "0x" + self.signature.hex(),
        }

    def call(self, governor: Governor) -> Call[Any]:
        """Raises GovernanceError: it is for another governor."""
        there = self.chain_id, self.governor.lower()
        if there != (governor.node.chain_id(), governor.address):
            raise GovernanceError(
                f"the vote was signed for the governor {self.governor} on chain {self.chain_id},"
                " not for this one: name its market and node"
            )
        return governor.vote_signed(self.proposal, self.support, self.voter, self.signature)


def ballot_digest(
    chain_id: int, governor: str, proposal: int, support: int, voter: str, nonce: int
) -> bytes:
    """What the voter signs."""
    domain = _words(_DOMAIN, keccak(text=NAME), keccak(text=VERSION), chain_id, int(governor, 16))
    ballot = _words(_BALLOT, proposal, support, int(voter, 16), nonce)
    return keccak(b"\x19\x01" + keccak(domain) + keccak(ballot))


def ballot_typed_data(
    chain_id: int, governor: str, proposal: int, support: int, voter: str, nonce: int
) -> dict[str, Any]:
    """The same for a wallet, as `eth_signTypedData_v4` takes it."""
    return {
        "types": {
            "EIP712Domain": _fields(
                name="string", version="string", chainId="uint256", verifyingContract="address"
            ),
            "Ballot": _fields(
                proposalId="uint256", support="uint8", voter="address", nonce="uint256"
            ),
        },
        "primaryType": "Ballot",
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": chain_id,
            "verifyingContract": governor,
        },
        "message": {
            "proposalId": str(proposal),
            "support": int(support),
            "voter": voter,
            "nonce": nonce,
        },
    }


def _fields(**kinds: str) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in kinds.items()]


def _words(*values: bytes | int) -> bytes:
    return b"".join(v if isinstance(v, bytes) else v.to_bytes(32, "big") for v in values)
