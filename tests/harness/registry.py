"""An identity registry beside a world's market, and attestations for it.

registry = Registry(world)
registry.attest(ATTESTOR, registry.of_miner(1, 0))       # signs and submits
registry.of_requester(ALICE, level=2)                    # an Attestation, as a NamedTuple
"""

from __future__ import annotations

from typing import Any, NamedTuple

from eth_account import Account as EthAccount

from tests.harness.evm import Account, Receipt, account
from tests.harness.market import OWNER, ZERO, World
from tests.harness.signing import digest

ATTESTOR, OTHER = account("an attestor"), account("another attestor")
YEAR = 365 * 86_400
ATTESTATION_TYPE = {
    "Attestation": [
        {"name": "registry", "type": "address"},
        {"name": "attestor", "type": "address"},
        {"name": "miner", "type": "uint32"},
        {"name": "tenure", "type": "uint32"},
        {"name": "requester", "type": "address"},
        {"name": "level", "type": "uint8"},
        {"name": "issued", "type": "uint40"},
        {"name": "validUntil", "type": "uint40"},
    ]
}


class Attestation(NamedTuple):
    """Named as the contract does."""

    registry: str
    attestor: str
    miner: int
    tenure: int
    requester: str
    level: int
    issued: int
    validUntil: int  # noqa: N815 - the contract's name


class Registry:
    """With one attestor, ATTESTOR, and a least level of 2."""

    def __init__(self, world: World, least_level: int = 2) -> None:
        self.world = world
        self.contract = world.evm.deploy(
            "IdentityRegistry", world.market.address, OWNER, least_level, [ATTESTOR]
        )

    @property
    def address(self) -> str:
        return self.contract.address

    def of_miner(self, number: int, tenure: int, **changes: Any) -> Attestation:
        return self._attestation({"miner": number, "tenure": tenure} | changes)

    def of_requester(self, requester: str, **changes: Any) -> Attestation:
        return self._attestation({"requester": requester} | changes)

    def _attestation(self, changes: dict[str, Any]) -> Attestation:
        now = self.world.evm.time
        usual = {
            "registry": self.address,
            "attestor": ATTESTOR,
            "miner": 0,
            "tenure": 0,
            "requester": ZERO,
            "level": 2,
            "issued": now,
            "validUntil": now + YEAR,
        }
        return Attestation(**(usual | changes))

    def sign(self, attestation: Attestation, signer: Account = ATTESTOR, **domain: Any) -> bytes:
        signable = self.world.typed(ATTESTATION_TYPE, attestation._asdict(), **domain)
        return bytes(EthAccount.sign_message(signable, signer.key).signature)

    def digest(self, attestation: Attestation) -> bytes:
        return digest(self.world.typed(ATTESTATION_TYPE, attestation._asdict()))

    def submit(
        self, attestation: Attestation, signature: bytes | None = None, sender: str = OTHER
    ) -> Receipt:
        """Signed by ATTESTOR unless a signature is given; by anybody."""
        signature = self.sign(attestation) if signature is None else signature
        return self.contract.submit(attestation, signature, sender=sender)

    def attest(self, attestor: Account, attestation: Attestation) -> Receipt:
        said = attestation._replace(attestor=attestor)
        return self.submit(said, self.sign(said, attestor))

    def knows_miner(self, number: int, tenure: int) -> bool:
        return bool(self.contract["isVerified(uint32,uint32)"](number, tenure))

    def knows_requester(self, requester: str) -> bool:
        return bool(self.contract["isVerified(address)"](requester))
