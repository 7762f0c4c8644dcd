"""The identity registry: who attests, what they said of whom, and saying it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from suanli.chain.contract import Call, Contract
from suanli.chain.node import BlockName, Node
from suanli.chain.typed import record_of
from suanli.protocol import ZERO_ADDRESS, Attestation, Signed


class IdentitySubject(NamedTuple):
    """Of whom something is attested: a miner by number and tenure, or a requester by account."""

    miner: int = 0
    tenure: int = 0
    requester: str = ZERO_ADDRESS

    @classmethod
    def of(cls, attestation: Attestation) -> IdentitySubject:
        return cls(attestation.miner, attestation.tenure, attestation.requester)

    def __str__(self) -> str:
        if self.miner:
            return f"miner {self.miner} in its tenure {self.tenure}"
        return f"requester {self.requester}"


class Attestor(NamedTuple):
    """`since`: what it issued before does not count, in seconds since 1970."""

    account: str
    since: int


class Attested(NamedTuple):
    """What an attestor said last of a subject; a revocation has a time of issue alone."""

    issued: int
    valid_until: int
    level: int


class AttestedState(StrEnum):
    """Whether what an attestor said of a subject counts, and why it does not."""

    COUNTS = "counts"
    NOTHING = "nothing said"
    REVOKED = "revoked"
    EXPIRED = "expired"
    BEFORE_OFFICE = "issued before its attestor was made one"
    LOW = "level too low"


class IdentityRegistry:
    """A deployed registry, read at `block`."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, "IdentityRegistry", block)
        self.node, self.address = node, self._contract.address

    def __repr__(self) -> str:
        return f"<IdentityRegistry at {self.address}>"

    def market(self) -> str:
        """Under whose domain attestations are signed."""
        return str(self._contract.read("market"))

    def owner(self) -> str:
        return str(self._contract.read("owner"))

    def least_level(self) -> int:
        return int(self._contract.read("leastLevel"))

    def attestors(self) -> list[Attestor]:
        return [Attestor(*found) for found in self._contract.read("attestors")]

    def attested(self, attestor: str, subject: IdentitySubject) -> Attested:
        """All zero if it has said nothing."""
        if subject.miner:
            number = (subject.miner, subject.tenure)
            found = self._contract.read("attestedOfMiner", attestor, *number)
        else:
            found = self._contract.read("attestedOfRequester", attestor, subject.requester)
        return record_of(Attested, found)

    def is_verified(self, subject: IdentitySubject) -> bool:
        """As the market asks it."""
        if subject.miner:
            number = (subject.miner, subject.tenure)
            return bool(self._contract.read("isVerified(uint32,uint32)", *number))
        return bool(self._contract.read("isVerified(address)", subject.requester))

    def submit(self, signed: Signed[Attestation]) -> Call[None]:
        return self._contract.call("submit", signed.message, signed.signature)

    def revoke(self, attestor: str, subject: IdentitySubject) -> Call[None]:
        """Of all that the attestor signed of the subject; for the attestor or the owner to send."""
        arguments: tuple[Any, ...] = (subject.requester,)
        if subject.miner:
            arguments = (subject.miner, subject.tenure)
        method = "revokeMiner" if subject.miner else "revokeRequester"
        return self._contract.call(method, attestor, *arguments)


def attested_state(said: Attested, attestor: Attestor, least_level: int, now: int) -> AttestedState:
    """What the registry makes of it at `now`, in seconds since 1970."""
    if not said.issued:
        return AttestedState.NOTHING
    if not said.valid_until:
        return AttestedState.REVOKED
    if now > said.valid_until:
        return AttestedState.EXPIRED
    if said.issued < attestor.since:
        return AttestedState.BEFORE_OFFICE
    return AttestedState.COUNTS if said.level >= least_level else AttestedState.LOW
