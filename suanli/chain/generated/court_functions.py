"""Functions of the court, typed: views are read, others are calls to be sent.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from collections.abc import Sequence

from suanli.chain.contract import Call, Contract
from suanli.chain.typed import record_of
from suanli.protocol import (
    Balance,
    CaseStatus,
    CourtCapacity,
    CourtRules,
    Docket,
    Leaf,
    LeastTimes,
    MinerDocket,
    Request,
    Seat,
    SeatTotals,
    Sibling,
)

ABI = "Court"


class CourtFunctions:
    _contract: Contract

    def account_of(self, account: str) -> Balance:
        """What an account may withdraw or spend, and what its requests hold."""
        return record_of(Balance, self._contract.read("accountOf", account))

    def advance(self, request: Request, case_id: bytes) -> Call[None]:
        """Do what is due in a case; by anybody.

        Seats a case that waited; ends a phase whose time is over, at the cost of who did not
        act; closes a case that is decided, or whose deal has ended; with the last one, does
        what `finish` does if it is time. Reverts: ForeignRequest, WrongPhase, NoStepDue. Emits
        CaseAdvanced, VotesCounted, JurorAssessed, SeatPenalized, DepositsDivided,
        FilingReopened, DealFinished, RewardPaid.
        """
        return self._contract.call("advance", request, case_id)

    def answer(
        self, request: Request, case_id: bytes, secret: bytes, leaf: Leaf, path: Sequence[Sibling]
    ) -> Call[None]:
        """Open the challenged leaf and commit to a secret; by the deal's miner, in the first
        round.
        Phase Answering; the other party's commitment is there, so a block is named, and Drawing
        begins. Reverts: ForeignRequest, WrongPhase, PhaseOver, NotMiner, AlreadyDone,
        NothingCommitted, TaskOutOfRange, WrongPathLength, LeafNotInResult. Emits LeafOpened,
        CaseAdvanced.
        """
        return self._contract.call("answer", request, case_id, secret, leaf, path)

    def appeal(self, case_id: bytes, secret: bytes) -> Call[None]:
        """Ask for a larger jury; once, by the party that lost, after no result by either.

        Phase Decided. The deposit is locked in the caller's account. Reverts: WrongPhase,
        PhaseOver, NotParty, NotLoser, AlreadyDone, NothingCommitted, InsufficientAvailable.
        Emits Appealed, CaseAdvanced.
        `secret`: Commitment to the secret of the new draw.
        """
        return self._contract.call("appeal", case_id, secret)

    def appeal_deposit_of(self, miner_id: int) -> int:
        """What an appeal costs now that is lost, in base units."""
        return int(self._contract.read("appealDepositOf", miner_id))

    def capacity(self) -> CourtCapacity:
        """What it can judge now.

        Returns: value Most that may be at stake in a deal, in base units: its payment and its
        collateral.
        Returns: places That first juries may take now.
        """
        return record_of(CourtCapacity, self._contract.read("capacity"))

    def case_id_of(self, request_id: bytes, filer: str, number: int) -> bytes:
        return bytes(self._contract.read("caseIdOf", request_id, filer, number))

    def case_of(self, case_id: bytes) -> CaseStatus:
        return record_of(CaseStatus, self._contract.read("caseOf", case_id))

    def challenge(
        self, request: Request, number: int, withheld: bool, task: int, leaf: bytes, secret: bytes
    ) -> Call[bytes]:
        """Challenge one task of a submitted result; by anybody, within the window.

        The deposit is locked in the caller's account. The first challenge freezes the deal
        (DealFrozen). Without free seats the case waits (Queued). Reverts: NumberTooHigh,
        NothingCommitted, CaseExists, WrongState, TaskOutOfRange, FilingOver,
        InsufficientAvailable, and what the market's freeze does. Emits DealFrozen,
        ChallengeFiled, CaseAdvanced.
        `number`: Of the caller's challenges of the deal, from 0: each doubles the bond.
        `withheld`: The task's data can't be had; else: its leaf is wrong.
        `leaf`: Commitment to the leaf held right.
        `secret`: Commitment to the secret of the first draw.
        """
        return self._contract.call("challenge", request, number, withheld, task, leaf, secret)

    def collect(self, request_id: bytes, case_id: bytes) -> Call[None]:
        """Pay a filer what it is owed for jurors and its reward; by anybody.

        Once the deal is finished. Reverts: NothingToCollect. Emits RewardPaid.
        """
        return self._contract.call("collect", request_id, case_id)

    def commit_secret(self, case_id: bytes, secret: bytes) -> Call[None]:
        """Commit to a secret; by filer or miner, in later rounds.

        Phase Answering. When both have, a block is named, and Drawing begins. Reverts:
        WrongPhase, PhaseOver, NotParty, AlreadyDone, NothingCommitted. Emits SecretCommitted,
        CaseAdvanced.
        """
        return self._contract.call("commitSecret", case_id, secret)

    def commit_vote(self, case_id: bytes, index: int, commitment: bytes) -> Call[None]:
        """Commit to a vote; by the juror of seat `index` of the present jury.

        Phase Voting. When all have, the next phase begins. Reverts: WrongPhase, PhaseOver,
        NoSuchSeat, NotJuror, NothingCommitted, VotedAlready. Emits VoteCommitted, CaseAdvanced.
        """
        return self._contract.call("commitVote", case_id, index, commitment)

    def deposit(self, amount: int) -> Call[None]:
        """Move `amount` of the caller's tokens into its account.

        Requires an allowance. A token that delivers another amount is refused. Reverts:
        ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge, TransferFromFailed,
        DeliveryMismatch. Emits Deposited.
        """
        return self._contract.call("deposit", amount)

    def deposit_of(self, number: int, seats: int, miner_id: int) -> int:
        """What a challenge costs now that is lost, in base units: bond and fee.

        `number`: Of the filer's challenges of the deal, from 0.
        `seats`: Of the jury.
        """
        return int(self._contract.read("depositOf", number, seats, miner_id))

    def deposit_with_permit(
        self, amount: int, deadline: int, v: int, r: bytes, s: bytes
    ) -> Call[None]:
        """`deposit` with the allowance given by an ERC-2612 signature.

        A permit that fails does no harm, as when somebody has already used it: the allowance
        there is decides. Reverts: ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge,
        TransferFromFailed, DeliveryMismatch. Emits Deposited.
        """
        return self._contract.call("depositWithPermit", amount, deadline, v, r, s)

    def docket_of(self, request_id: bytes) -> Docket:
        """What the court keeps of a deal, by its request's id."""
        return record_of(Docket, self._contract.read("docketOf", request_id))

    def draw(self, case_id: bytes) -> Call[None]:
        """Go on with a draw for which one call was not enough; by anybody.

        Phase Drawing, both secrets revealed. Reverts: WrongPhase, PhaseOver, NoStepDue. Emits
        JurorDrawn, CaseAdvanced.
        """
        return self._contract.call("draw", case_id)

    def extension(self) -> str:
        """Does what the market hands on; fixed at deployment."""
        return str(self._contract.read("extension"))

    def finish(self, request: Request) -> Call[None]:
        """Let a deal whose cases are closed go on, or end it, once filing is over; by anybody.

        A deal with a wrong leaf also in the last `step` of the court's time, with what is
        decided by then. Reverts: NothingFrozen, FilingOpen. Emits DealFinished.
        """
        return self._contract.call("finish", request)

    def join(self) -> Call[int]:
        """Take a seat; its stake is locked in the caller's account.

        It can be drawn from `joinDelay` on. Reverts: InsufficientAvailable. Emits SeatTaken.
        Returns: position The seat's number, from 1.
        """
        return self._contract.call("join")

    def jury_of(self, value: int) -> int:
        """Seats of the jury that first judges a deal with so much at stake, in base units."""
        return int(self._contract.read("juryOf", value))

    def least_times(self) -> LeastTimes:
        """The shortest times in which it can do its work; no terms that name it have shorter
        ones.
        Returns: challengeWindow Seconds from submission on: to notice a wrong result and to
        file.
        Returns: verdictBy Seconds after the window: for its longest procedure, cure and appeal
        included.
        """
        return record_of(LeastTimes, self._contract.read("leastTimes"))

    def leave(self, position: int) -> Call[None]:
        """Leave a seat; by its juror. What it is drawn for already it still has to judge.

        Reverts: NotSeatHolder, LeavingAlready. Emits SeatLeft.
        """
        return self._contract.call("leave", position)

    def market(self) -> str:
        """The market whose deals it judges; fixed at deployment."""
        return str(self._contract.read("market"))

    def miner_docket_of(self, miner_id: int) -> MinerDocket:
        """What the cases against a miner take."""
        return record_of(MinerDocket, self._contract.read("minerDocketOf", miner_id))

    def multicall(self, calls: Sequence[bytes]) -> Call[tuple[bytes, ...]]:
        """Make calls of this contract one after the other in the caller's name: all of them or
        none.
        Requires that each succeeds: what the first that doesn't reverts with, this does. Emits
        what they emit.
        `calls`: ABI-encoded, each with its selector.
        Returns: results What each returned, ABI-encoded.
        """
        return self._contract.call("multicall", calls)

    def multicall_skip(
        self, calls: Sequence[bytes]
    ) -> Call[tuple[tuple[bool, ...], tuple[bytes, ...]]]:
        """Make calls of this contract one after the other in the caller's name, and leave out
        those that revert.
        Requires 527,936 gas before each call, which gets 500,000 of it. A call that needs more,
        or another multicallSkip, is left out: make it by itself. Reverts: InsufficientGas.
        Emits CallSkipped for each that is left out, and what the others emit.
        `calls`: ABI-encoded, each with its selector.
        Returns: done Whether each succeeded.
        Returns: results What each returned, or the reason why it was left out, as in
        CallSkipped.
        """
        return self._contract.call("multicallSkip", calls)

    def nonce_of(self, case_id: bytes) -> bytes:
        """What the trace of the present ballot depends on; known from Voting on."""
        return bytes(self._contract.read("nonceOf", case_id))

    def prove_false(self, request: Request, leaf: Leaf, path: Sequence[Sibling]) -> Call[None]:
        """Prove a claim false by a path of its own result, without a jury; by anybody, within
        the window.
        The path leads to the root, with another total than claimed: all leaves count as wrong;
        or with a leaf above the class's maximum: that one does. The deal ends by `finish`.
        Reverts: WrongState, FilingOver, TaskOutOfRange, WrongPathLength, NothingFalse, and what
        the market's freeze does. Emits DealFrozen, ClaimProvedFalse.
        """
        return self._contract.call("proveFalse", request, leaf, path)

    def record_hash(self, case_id: bytes) -> Call[None]:
        """Keep the hash of the named block; by anybody, within 256 blocks after it.

        Phase Drawing. Later it names the next block, and the jury is the large one. Reverts:
        WrongPhase, PhaseOver, HashRecordedAlready, HashNotThere. Emits HashRecorded, or
        HashRenamed and CaseAdvanced.
        """
        return self._contract.call("recordHash", case_id)

    def reveal_secret(self, case_id: bytes, secret: bytes) -> Call[None]:
        """Reveal a secret; by filer or miner. The second one draws the jury.

        Phase Drawing. Records the hash, if it is not. Reverts: WrongPhase, PhaseOver, NotParty,
        AlreadyDone, NotCommitted, HashNotThere, HashMissed. Emits HashRecorded, SecretRevealed,
        JurorDrawn, CaseAdvanced.
        """
        return self._contract.call("revealSecret", case_id, secret)

    def reveal_vote(
        self, case_id: bytes, index: int, leaf: bytes, trace: bytes, salt: bytes
    ) -> Call[None]:
        """Reveal a vote; by anybody who knows it.

        Phase Revealing. The last one counts the votes. Reverts: WrongPhase, PhaseOver,
        NoSuchSeat, NoVote, NotCommitted. Emits VoteRevealed, VotesCounted, CaseAdvanced.
        `leaf`: The leaf's hash; 0: the data can't be had.
        """
        return self._contract.call("revealVote", case_id, index, leaf, trace, salt)

    def rules(self) -> CourtRules:
        """All parameters; fixed at deployment."""
        return record_of(CourtRules, self._contract.read("rules"))

    def seat_of(self, position: int) -> Seat:
        """A seat, by its position."""
        return record_of(Seat, self._contract.read("seatOf", position))

    def seat_totals(self) -> SeatTotals:
        return record_of(SeatTotals, self._contract.read("seatTotals"))

    def seats_of(self, case_id: bytes, round: int) -> tuple[int, ...]:
        """Positions of the seats drawn in a round of a case."""
        return tuple(self._contract.read("seatsOf", case_id, round))

    def seize_seat(
        self, case_id: bytes, index: int, leaf: bytes, trace: bytes, salt: bytes
    ) -> Call[None]:
        """Show what a juror will vote, and take half of what is left of its seat's stake; by
        anybody.
        The sink gets the other half; the seat counts as absent, and is not drawn any more.
        Phase Voting or Showing. Reverts: WrongPhase, PhaseOver, NoSuchSeat, NoVote,
        NotCommitted. Emits SeatSeized.
        """
        return self._contract.call("seizeSeat", case_id, index, leaf, trace, salt)

    def show_leaf(self, request: Request, case_id: bytes, leaf: bytes, salt: bytes) -> Call[None]:
        """Show the leaf committed to at filing; by the filer. From now on the requester can't
        accept any more.
        Phase Showing. Reverts: ForeignRequest, WrongPhase, PhaseOver, NotFiler, NotCommitted,
        and what the market's noteReveal does. Emits LeafShown, CaseAdvanced.
        `leaf`: The leaf's hash; 0 of withheld data.
        """
        return self._contract.call("showLeaf", request, case_id, leaf, salt)

    def token(self) -> str:
        """The settlement token, fixed at deployment."""
        return str(self._contract.read("token"))

    def vacate(self, position: int) -> Call[None]:
        """Free what is left of the stake of a seat that was left, for its juror; by anybody.

        From `until` on, when no case needs it. Reverts: StillSeated. Emits SeatVacated.
        """
        return self._contract.call("vacate", position)

    def vote_of(self, case_id: bytes, round: int, second: bool, index: int) -> bytes:
        """A commitment (lowest bit 0), a revealed vote (lowest bit 1: 128 bits of the leaf's
        hash, 127 of the trace), or 0.
        """
        return bytes(self._contract.read("voteOf", case_id, round, second, index))

    def withdraw(self, to: str, amount: int) -> Call[None]:
        """Send `amount` of the caller's available balance to `to`: anybody but zero, the market
        and the token.
        Reverts: ZeroAmount, ZeroAddress, InvalidRecipient, InsufficientAvailable,
        TransferFailed. Emits Withdrawn.
        """
        return self._contract.call("withdraw", to, amount)
