"""The governor of a market: its rules, its proposals, and the calls that change them.

Votes in base units of the voting token, times in seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import Any

from eth_utils.crypto import keccak

from suanli.base import amounts
from suanli.chain import (
    BadAnswer,
    Call,
    Contract,
    ContractError,
    CursorState,
    EventCursor,
    Log,
    Market,
    NoContract,
    artifact,
    caught_up,
)
from suanli.governance.errors import GovernanceError
from suanli.protocol import ZERO_ADDRESS

GOVERNOR, TIMELOCK, TOKEN = "MarketGovernor", "MarketTimelock", "MarketToken"
CHECKPOINTS_GAS = 50_000
"""The token writes a new checkpoint for each of two delegates, but changes one of the same second:
an estimate that is made in that second lacks so much."""
MOST_BLOCKS = 1 << 32
"""Searched at once, if the node does it."""
REGISTRY = "IdentityRegistry"
POOL = "RewardPool"
DECIMALS = 18
"""Of the voting token."""
_PROPOSER = re.compile(r"\n?#proposer=0x[0-9a-fA-F]{40}\Z")
DIGITS = 10
"""Hexadecimal ones of a proposal's number that are shown."""
LEAST_DIGITS = 4


class Support(IntEnum):
    """How a vote counts, as the governor numbers it."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


class Standing(IntEnum):
    """As the governor counts them (OpenZeppelin's ProposalState)."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7

    @property
    def open(self) -> bool:
        """Whether something can still come of it."""
        return self in (Standing.PENDING, Standing.ACTIVE, Standing.SUCCEEDED, Standing.QUEUED)


@dataclass(frozen=True)
class PlannedChange:
    """A call that is put to a vote."""

    target: str
    data: bytes
    value: int = 0


@dataclass(frozen=True)
class Proposal:
    """`begins`: the last second before the vote, `ends`: the last of it; `block`: its own. What is
    no UTF-8 in `description` is there as surrogates (PEP 383)."""

    id: int
    proposer: str
    calls: tuple[PlannedChange, ...]
    description: str
    begins: int
    ends: int
    block: int = 0
    transaction: str = ""

    @property
    def name(self) -> str:
        """Enough of the number to find it by."""
        return hex_of(self.id)[: DIGITS + 2]

    @property
    def text(self) -> str:
        """What it is for, without the proposer's address at its end, as far as it is UTF-8."""
        shown = _bytes_of(self.description).decode(errors="replace")
        return _PROPOSER.sub("", shown)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """As the governor's functions take it."""
        return _arguments(self.calls, self.description)


@dataclass(frozen=True)
class Votes:
    """What was voted so far; `quorum`: how many must be for it or abstain."""

    against: int
    in_favour: int
    abstained: int
    quorum: int


@dataclass(frozen=True)
class Rules:
    """How is voted; `delay`: of the timelock. `distributed`: tokens that may vote, of `supply`."""

    voting_delay: int
    voting_period: int
    late_quorum_extension: int
    delay: int
    grace: int
    quorum_bps: int
    proposal_threshold: int
    distributed: int
    supply: int


def described(text: str, proposer: str) -> str:
    """A description with which nobody else can make the proposal, only to withdraw it then: who saw
    it coming could do so first, and the same proposal can't be made again."""
    return f"{text}\n#proposer={proposer}" if text else f"#proposer={proposer}"


def hex_of(number: int) -> str:
    """A proposal's number, in full."""
    return f"0x{number:064x}"


def show_votes(votes: int) -> str:
    """Votes as tokens: one base unit is one vote."""
    return amounts.show(votes, DECIMALS)


class Governor:
    """Of one market. What changes the chain is returned as a `Call`."""

    def __init__(self, market: Market, governor: str, timelock: str, token: str) -> None:
        self.market, self.node = market, market.node
        self.timelock, self.token = timelock.lower(), token.lower()
        self._governor = Contract(market.node, governor, GOVERNOR)
        self.address = self._governor.address

    def __repr__(self) -> str:
        return f"<Governor at {self.address}>"

    @classmethod
    def of(cls, market: Market, expected: str | None = None) -> Governor:
        """Found by the market's owner.

        Raises:
            GovernanceError: nobody votes on this market, or by another governor than is expected.
        """
        owner = market.owner()
        try:
            governor = str(Contract(market.node, owner, TIMELOCK).read("governor"))
            found = Contract(market.node, governor, GOVERNOR)
            timelock, token = str(found.read("timelock")), str(found.read("token"))
        except (ContractError, NoContract, ValueError):
            timelock = ZERO_ADDRESS
        if timelock.lower() != owner.lower():
            raise GovernanceError(
                f"nobody votes on this market: its owner {owner} is no timelock of a governor"
            ) from None
        if expected is not None and expected.lower() != found.address:
            raise GovernanceError(
                f"this market is voted on by the governor {found.address}, not {expected}: name"
                " another market or node, or correct the setting governor"
            )
        return cls(market, governor, timelock, token)

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Of the contracts that votes are about, by name."""
        found = {
            "ComputeMarket": self.market.address,
            GOVERNOR: self.address,
            TIMELOCK: self.timelock,
            TOKEN: self.token,
        }
        if count := self.market.terms_count():
            terms = self.market.terms_of(count)
            named = (
                (REGISTRY, terms.identity_verifier, "leastLevel"),
                (POOL, terms.treasury, "free"),
            )
            for name, address, view in named:
                with suppress(ContractError, NoContract, BadAnswer):
                    contract = Contract(self.node, address, name)
                    contract.read(view)  # which no other contract has
                    if str(contract.read("owner")).lower() == self.timelock:
                        found[name] = address
        return found

    def rules(self) -> Rules:
        timelock = Contract(self.node, self.timelock, TIMELOCK)
        token, read = Contract(self.node, self.token, TOKEN), self._governor.read
        supply = int(token.read("totalSupply"))
        return Rules(
            voting_delay=int(read("votingDelay")),
            voting_period=int(read("votingPeriod")),
            late_quorum_extension=int(read("lateQuorumVoteExtension")),
            delay=int(timelock.read("getMinDelay")),
            grace=int(read("GRACE")),
            quorum_bps=int(read("quorumNumerator()")),
            proposal_threshold=int(read("proposalThreshold")),
            distributed=supply - int(token.read("balanceOf", self.timelock)),
            supply=supply,
        )

    def votes_of(self, account: str, at: int | None = None) -> int:
        """What the account votes with now, or what it voted with at a past second."""
        token = Contract(self.node, self.token, TOKEN)
        if at is None:
            return int(token.read("getVotes", account))
        return int(token.read("getPastVotes", account, at))

    def delegate_of(self, account: str) -> str:
        """Who votes with the account's tokens; zero: nobody."""
        return str(Contract(self.node, self.token, TOKEN).read("delegates", account))

    # Proposals

    def proposals(self) -> list[Proposal]:
        """All there ever were, the oldest first.

        Raises:
            BadAnswer: the calls or the text are not those of the proposal's number.
        """
        entry = next(
            e for e in artifact(GOVERNOR).abi.events.values() if e.name == "ProposalCreated"
        )
        # Whoever may propose writes any bytes as its text, and must not hide a proposal so.
        entry = replace(entry, types=tuple(k.replace("string", "bytes") for k in entry.types))
        found = []
        for log in self._logs(entry.topic):
            arguments = entry.arguments(log.topics, log.data)
            id_, proposer, targets, values, _, datas, begins, ends, text = arguments
            calls = tuple(map(PlannedChange, targets, datas, values))
            description = text.decode(errors="surrogateescape")
            if id_ != self.number_of(calls, description):
                raise BadAnswer("eth_getLogs", f"{hex_of(id_)} is another proposal's number")
            made = Proposal(id_, proposer, calls, description, begins, ends)
            found.append(replace(made, block=log.block, transaction=log.transaction))
        return found

    def proposal(self, name: str) -> Proposal:
        """By its number, or the beginning of it, in hexadecimal; or in full and decimal.

        Raises:
            GovernanceError: there is none, or there are several.
        """
        wanted = name.lower().removeprefix("0x")
        known = self.proposals()
        found = [p for p in known if str(p.id) == name]
        if not found and len(wanted) >= LEAST_DIGITS:
            found = [p for p in known if hex_of(p.id)[2:].startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            raise GovernanceError(f"{len(found)} proposals begin with {name!r}: write more digits")
        raise GovernanceError(
            f"there is no proposal {name!r}: give its number, or {LEAST_DIGITS} of its first digits"
            " at least; suanli govern show lists them"
        )

    def standing(self, proposal: Proposal) -> Standing:
        return Standing(self._governor.read("state", proposal.id))

    def votes(self, proposal: Proposal) -> Votes:
        against, in_favour, abstained = self._governor.read("proposalVotes", proposal.id)
        now = self.node.head().time
        # Before the vote begins nobody knows what will be distributed then.
        quorum = self._governor.read("quorum", min(proposal.begins, now - 1))
        return Votes(against, in_favour, abstained, quorum)

    def ends(self, proposal: Proposal) -> int:
        """When its vote ends, or ended: later than it was to, after a late quorum."""
        return int(self._governor.read("proposalDeadline", proposal.id))

    def effective(self, proposal: Proposal) -> int:
        """When it may be executed; 0: it was not queued."""
        return int(self._governor.read("proposalEta", proposal.id))

    def has_voted(self, proposal: Proposal, account: str) -> bool:
        return bool(self._governor.read("hasVoted", proposal.id, account))

    def number_of(self, calls: Sequence[PlannedChange], description: str) -> int:
        """Of the proposal that these would make, whatever the node says."""
        hashing = artifact(GOVERNOR).abi.functions["hashProposal"]
        encoded = hashing.encode(_arguments(calls, description))[4:]
        return int.from_bytes(keccak(encoded), "big")

    # Calls

    def propose(self, calls: Sequence[PlannedChange], description: str) -> Call[Any]:
        return self._governor.call("propose", *_columns(calls), description)

    def vote(self, proposal: Proposal, support: Support, reason: str = "") -> Call[Any]:
        return self._governor.call("castVoteWithReason", proposal.id, support, reason)

    def vote_signed(
        self, proposal: int, support: Support, voter: str, signature: bytes
    ) -> Call[Any]:
        return self._governor.call("castVoteBySig", proposal, support, voter, signature)

    def nonce(self, voter: str) -> int:
        """Of the next vote that the account signs."""
        return int(self._governor.read("nonces", voter))

    def queue(self, proposal: Proposal) -> Call[Any]:
        return self._governor.call("queue", *proposal.arguments)

    def execute(self, proposal: Proposal) -> Call[Any]:
        return self._governor.call("execute", *proposal.arguments)

    def cancel(self, proposal: Proposal) -> Call[Any]:
        return self._governor.call("cancel", *proposal.arguments)

    def delegate(self, to: str) -> Call[Any]:
        return self._of_token("delegate", to)

    def transfer(self, to: str, amount: int) -> Call[Any]:
        """Votes, in base units of the token."""
        return self._of_token("transfer", to, amount)

    def _of_token(self, method: str, *arguments: Any) -> Call[Any]:
        call = Contract(self.node, self.token, TOKEN).call(method, *arguments)
        return replace(call, more_gas=CHECKPOINTS_GAS)

    # Reading logs

    def _logs(self, topic: bytes) -> Sequence[Log]:
        """Of an event, in order: all at once where the node lets one."""
        cursor = EventCursor(self.node, self.address, topic=topic, span=MOST_BLOCKS)
        found: list[Log] = []
        first = CursorState.from_block(self.node.first_block_of(self.address))
        for batch in caught_up(cursor, first):
            if (kept := batch.rolled_back_to) is not None:
                found = [log for log in found if log.block <= kept]
            found += batch.logs
        return found


def _columns(calls: Sequence[PlannedChange]) -> tuple[Any, Any, Any]:
    return (
        tuple(call.target for call in calls),
        tuple(call.value for call in calls),
        tuple(call.data for call in calls),
    )


def _arguments(calls: Sequence[PlannedChange], description: str) -> tuple[Any, ...]:
    """Of a proposal, as the governor's functions take it."""
    return (*_columns(calls), keccak(_bytes_of(description)))


def _bytes_of(description: str) -> bytes:
    return description.encode(errors="surrogateescape")
