"""A deployed governance: token, timelock, governor, and a market that they own if one is given.

polity = Polity(Evm(), {ALICE: 50 * MILLION, BOB: 30 * MILLION})
polity = Polity.of(World())                  # owns the world's market
fee = polity.propose(polity.call(market, "addTerms", record), text="Raise the fee")
polity.vote(fee, ALICE)
polity.queue(fee)
polity.execute(fee)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_account import Account as EthAccount
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from tests.harness.evm import Account, Contract, Evm, Receipt, account
from tests.harness.market import OWNER, World

DEPLOYER = account("deployer")
VOTERS = tuple(account(f"voter {number}") for number in range(4))
SMALL = account("a small holder")
MILLION = 10**24
"""Base units of a million voting tokens."""
DAY = 86_400
AGAINST, FOR, ABSTAIN = range(3)
PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
TIMELOCK_DELAY = 2 * DAY
RULES: dict[str, int] = {
    "votingDelay": DAY,
    "votingPeriod": 3 * DAY,
    "proposalThreshold": MILLION,
    "quorumBps": 1_000,
    "lateQuorumExtension": DAY,
}
TABLE: dict[str, int] = dict.fromkeys(VOTERS, 100 * MILLION) | {SMALL: MILLION // 2}
BALLOT_TYPE = {
    "Ballot": [
        {"name": "proposalId", "type": "uint256"},
        {"name": "support", "type": "uint8"},
        {"name": "voter", "type": "address"},
        {"name": "nonce", "type": "uint256"},
    ]
}


@dataclass(frozen=True)
class Call:
    """One call of a proposal."""

    target: str
    data: bytes
    value: int = 0


@dataclass(frozen=True)
class Proposal:
    id: int
    targets: tuple[str, ...]
    values: tuple[int, ...]
    calldatas: tuple[bytes, ...]
    description: str

    @property
    def arguments(self) -> tuple[Any, ...]:
        """As queue, execute and cancel take it."""
        return self.targets, self.values, self.calldatas, keccak(text=self.description)


class Polity:
    """By default four voters have 100 million tokens each, more than a quorum of 10 %, and a fifth
    has half a million, less than is needed to propose; 599.5 million are not distributed."""

    def __init__(
        self,
        evm: Evm,
        table: Mapping[str, int] = TABLE,
        delay: int = TIMELOCK_DELAY,
        **rules: int,
    ) -> None:
        self.evm = evm
        self.timelock = evm.deploy("MarketTimelock", delay)
        allocations = [{"holder": holder, "amount": amount} for holder, amount in table.items()]
        self.token = evm.deploy("MarketToken", self.timelock.address, allocations)
        self.governor = evm.deploy(
            "MarketGovernor", self.token.address, self.timelock.address, RULES | rules
        )
        self.timelock.install(self.governor.address, sender=DEPLOYER)
        self.evm.advance()

    @classmethod
    def of(cls, world: World, **more: Any) -> Polity:
        """That owns the world's market."""
        polity = cls(world.evm, **more)
        world.market.transferOwnership(polity.timelock.address, sender=OWNER)
        polity.timelock.takeOwnership(world.market.address)
        return polity

    def call(self, contract: Contract, function: str, *arguments: Any) -> Call:
        return Call(contract.address, getattr(contract, function).codec.call_data(arguments))

    def proposal(self, *calls: Call, text: str = "") -> Proposal:
        """What `propose` would make."""
        targets = tuple(call.target for call in calls)
        values = tuple(call.value for call in calls)
        calldatas = tuple(call.data for call in calls)
        arguments = targets, values, calldatas, keccak(text=text)
        return Proposal(self.governor.hashProposal(*arguments), targets, values, calldatas, text)

    def propose(self, *calls: Call, text: str = "", sender: str = VOTERS[0]) -> Proposal:
        made = self.proposal(*calls, text=text)
        self.governor.propose(made.targets, made.values, made.calldatas, text, sender=sender)
        return made

    def open(self, *calls: Call, text: str = "") -> Proposal:
        """Proposed, and its vote has begun."""
        made = self.propose(*calls, text=text)
        self.evm.advance(self.governor.votingDelay() + 1)
        return made

    def vote(self, proposal: Proposal, *voters: str, support: int = FOR) -> None:
        for voter in voters:
            self.governor.castVote(proposal.id, support, sender=voter)

    def close(self, proposal: Proposal) -> None:
        """Let the vote end."""
        left = self.governor.proposalDeadline(proposal.id) - self.evm.time
        self.evm.advance(left + 1)

    def queue(self, proposal: Proposal, sender: str = SMALL) -> Receipt:
        receipt: Receipt = self.governor.queue(*proposal.arguments, sender=sender)
        return receipt

    def execute(self, proposal: Proposal, sender: str = SMALL) -> Receipt:
        receipt: Receipt = self.governor.execute(*proposal.arguments, sender=sender)
        return receipt

    def decide(self, *calls: Call, text: str = "") -> Proposal:
        """All for it; queued, and its delay is over."""
        made = self.open(*calls, text=text)
        self.vote(made, *VOTERS)
        self.close(made)
        self.queue(made)
        self.evm.advance(self.timelock.getMinDelay())
        return made

    def enact(self, *calls: Call, text: str = "") -> Receipt:
        """The whole way, with all for it."""
        return self.execute(self.decide(*calls, text=text))

    def state(self, proposal: Proposal) -> int:
        return int(self.governor.state(proposal.id))

    def sign_ballot(
        self, proposal: Proposal, signer: Account, support: int, nonce: int = 0, **changes: Any
    ) -> bytes:
        """`changes` of the domain, or of the voter: by default who signs."""
        message = {
            "proposalId": proposal.id,
            "support": support,
            "voter": changes.pop("voter", signer),
            "nonce": nonce,
        }
        domain = {
            "name": "Suanli governor",
            "version": "1",
            "chainId": self.evm.chain_id,
            "verifyingContract": self.governor.address,
        } | changes
        signable = encode_typed_data(domain, BALLOT_TYPE, message)
        return bytes(EthAccount.sign_message(signable, signer.key).signature)
