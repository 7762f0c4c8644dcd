"""What miners tell through the relay, signed.

These messages never reach a contract, so they are canonical JSON under the market's domain, not
EIP-712 structs. Requests and acceptances are those of `suanli.chain`.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from eth_utils.crypto import keccak
from pydantic import BaseModel, ConfigDict, Field

from suanli.protocol import canonical
from suanli.protocol.domain import Domain
from suanli.protocol.messages_deal import recover_digest
from suanli.protocol.signer import Signer

Address = Annotated[str, Field(pattern=r"^0x[0-9a-f]{40}$")]
Digest = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
PublicKey = Annotated[str, Field(pattern=r"^0x0[23][0-9a-f]{64}$")]
Uint64 = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,18}|1[0-7][0-9]{18})$")]
Signature = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2})*$", max_length=2 + 2 * 4096)]
Time = Annotated[int, Field(ge=0, lt=1 << 40)]
Count = Annotated[int, Field(ge=0, lt=1 << 32)]

PROTOCOL = 2
"""Version of what relays and their clients say to each other."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class MinerMessage(_Strict):
    """Said by `miner`, whose key signs it; what was issued last counts."""

    miner: Address
    issued: Time = Field(description="seconds since 1970, by the miner's clock")


class Notice(MinerMessage):
    """What a miner's offer on chain does not say, for one class."""

    resource: Count
    runtime: Digest = Field(description="runtime id")
    units_per_second: Count = Field(description="measured speed of one worker")
    workers: Annotated[int, Field(ge=1, le=4096)]
    margin: Annotated[int, Field(ge=100, le=10_000)] = Field(
        description="percent of the time that work can take which it must be allowed"
    )
    reserve: Annotated[int, Field(ge=0, le=86_400)] = Field(
        description="seconds that must be allowed on top, to confirm a request as well"
    )
    public_key: PublicKey = Field(description="compressed secp256k1 key that data may be sealed to")
    valid_until: Time


class Result(MinerMessage):
    """A deal is done: its result, and where the list of leaves is."""

    request: Digest
    root: Digest
    units_used: Uint64
    leaves: Digest = Field(description="sha2-256 of the blob with the encoded leaves")


class Refusal(MinerMessage):
    """Why a miner does not take a request."""

    request: Digest
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    final: bool = Field(description="false: it is looked at again until its time to be confirmed")


class Progress(MinerMessage):
    """How far a deal is; said again and again, for a miner that says nothing may be gone."""

    request: Digest
    done: Count
    tasks: Count


M = TypeVar("M", bound=MinerMessage)


class SignedMessage(_Strict, Generic[M]):
    message: M
    signature: Signature

    def is_genuine(self, domain: Domain) -> bool:
        """Whether the miner that the message names has signed it, for this market."""
        signature = bytes.fromhex(self.signature[2:])
        return recover_digest(digest(domain, self.message), signature) == self.message.miner


def digest(domain: Domain, message: MinerMessage) -> bytes:
    """The 32 bytes that are signed: they bind market, chain, kind and content."""
    content = {"kind": type(message).__name__, **message.model_dump()}
    prefix = b"\x19Suanli relay message:\n" + domain.separator
    return keccak(prefix + canonical.encode(content))


def sign(domain: Domain, message: M, signer: Signer) -> SignedMessage[M]:
    signature = "0x" + signer.sign_digest(digest(domain, message)).hex()
    # By the message's own class, or only the fields that all messages have would be written out.
    kind: Any = SignedMessage.__class_getitem__(type(message))
    signed: SignedMessage[M] = kind(message=message, signature=signature)
    return signed
