// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Assessment, Outcome, Phase} from "../contracts/types/Case.sol";
import {MinerId} from "../contracts/types/Ids.sol";
import {Request} from "../contracts/types/Request.sol";
import {IResultTree} from "./IResultTree.sol";

/// @title Challenges, from filing to the jury's votes and an appeal
interface ICases {
    /// @notice A jury must be odd
    error EvenJury(uint256 seats);
    error CaseExists(bytes32 caseId);
    /// @notice In this phase that can't be done
    error WrongPhase(bytes32 caseId, Phase phase);
    /// @notice The case is of another request
    error ForeignRequest(bytes32 caseId, bytes32 requestId);
    /// @notice The time for it was over at `deadline`
    error PhaseOver(bytes32 caseId, uint40 deadline);
    /// @notice Nothing is to be done in this case before `deadline`
    error NoStepDue(bytes32 caseId, Phase phase, uint40 deadline);
    error FilingOver(bytes32 requestId, uint40 ended);
    /// @notice The deal waits: for cases to be closed, or for the time in which challenges are filed to end
    error FilingOpen(bytes32 requestId, uint16 open, uint40 until);
    /// @notice No case ever froze the deal, or the court is done with it
    error NothingFrozen(bytes32 requestId);
    /// @notice The same filer's challenges of a deal are numbered from 0 to `most`
    error NumberTooHigh(uint8 number, uint8 most);
    /// @notice Zero is no commitment
    error NothingCommitted();
    error NotFiler(address caller, address filer);
    error NotMiner(address caller, address miner);
    error NotParty(address caller);
    /// @notice Only who lost may appeal
    error NotLoser(address caller, Outcome outcome);
    /// @notice The party has done this already
    error AlreadyDone(bytes32 caseId, address party);
    /// @notice This is not what was committed to
    error NotCommitted(bytes32 commitment);
    /// @notice The path does not lead from the leaf to what the miner claimed
    error LeafNotInResult(bytes32 requestId, uint32 index);
    /// @notice The path shows nothing false in the result
    error NothingFalse(bytes32 requestId);
    /// @notice The hash of block `named` is not there yet
    error HashNotThere(uint32 named);
    /// @notice The hash of block `named` can't be read any more: `recordHash` names another
    error HashMissed(uint32 named);
    /// @notice The hash that the present draw needs is recorded
    error HashRecordedAlready(bytes32 caseId);
    /// @notice The jury has fewer seats
    error NoSuchSeat(bytes32 caseId, uint256 index);
    error NotJuror(address caller, address juror);
    error VotedAlready(bytes32 caseId, uint256 index);
    /// @notice Nobody who sits there committed to a vote, or it is revealed
    error NoVote(bytes32 caseId, uint256 index);
    error NothingToCollect(bytes32 caseId);

    /// @notice The first challenge, or a proof, froze a deal, whose result these are; jurors find the work by it
    event DealFrozen(
        bytes32 indexed requestId,
        MinerId indexed minerId,
        Request request,
        bytes32 root,
        uint64 unitsUsed,
        uint40 filingUntil
    );
    /// @param deposit Bond and fee of the filer, in base units
    /// @param seats Of the jury that will be drawn
    event ChallengeFiled(
        bytes32 indexed caseId,
        bytes32 indexed requestId,
        address indexed filer,
        MinerId minerId,
        uint8 number,
        bool withheld,
        uint32 task,
        uint8 seats,
        uint256 deposit
    );
    /// @notice A case is in another phase, or in the same one anew; final ones have the deadline 0
    event CaseAdvanced(bytes32 indexed caseId, Phase indexed phase, uint8 round, uint40 deadline);
    event LeafOpened(bytes32 indexed caseId, IResultTree.Leaf leaf);
    event SecretCommitted(bytes32 indexed caseId, uint8 round, bool byMiner, bytes32 commitment);
    event HashRecorded(bytes32 indexed caseId, uint32 named, bytes32 hash);
    /// @notice Nobody recorded a hash in time: the jury is the large one, and block `named` draws it
    event HashRenamed(bytes32 indexed caseId, uint32 named, uint8 seats);
    event SecretRevealed(bytes32 indexed caseId, bool byMiner, bytes32 secret);
    event JurorDrawn(
        bytes32 indexed caseId,
        address indexed juror,
        uint32 indexed position,
        uint8 round,
        uint256 index
    );
    event VoteCommitted(bytes32 indexed caseId, uint256 index, bytes32 commitment);
    /// @notice `by` showed what the juror of this seat will vote: it got half of the seat's stake, the sink the rest
    event SeatSeized(
        bytes32 indexed caseId,
        uint32 indexed position,
        address indexed by,
        uint256 index,
        uint256 amount
    );
    event LeafShown(bytes32 indexed caseId, bytes32 leaf);
    event VoteRevealed(bytes32 indexed caseId, uint256 index, bytes32 leaf, bytes32 trace);
    event VotesCounted(bytes32 indexed caseId, uint8 round, Outcome outcome);
    event Appealed(bytes32 indexed caseId, address indexed appellant, uint256 deposit);
    event JurorAssessed(bytes32 indexed caseId, uint32 indexed position, Assessment assessment);
    /// @notice Of the filer's and the appellant's deposits: what went back to each, to jurors, to the miner, to the sink
    event DepositsDivided(
        bytes32 indexed caseId,
        uint256 filer,
        uint256 appellant,
        uint256 jurors,
        uint256 miner,
        uint256 sink
    );
    event ClaimProvedFalse(bytes32 indexed requestId, uint32 index, uint64 total);
    event FilingReopened(bytes32 indexed requestId, uint40 until);
    /// @notice The court let the deal go on (Rejected), or ended it (Upheld; Undecided if it is paid but slashed)
    event DealFinished(bytes32 indexed requestId, Phase result, uint16 slashBps, uint256 received);
    /// @param refund What the filer had paid for jurors
    event RewardPaid(bytes32 indexed caseId, address indexed filer, uint256 refund, uint256 reward);

    /// @notice Challenge one task of a submitted result; by anybody, within the window
    /// @dev The deposit is locked in the caller's account. The first challenge freezes the deal (DealFrozen). Without free seats
    /// the case waits (Queued). Reverts: NumberTooHigh, NothingCommitted, CaseExists, WrongState, TaskOutOfRange,
    /// FilingOver, InsufficientAvailable, and what the market's freeze does. Emits DealFrozen, ChallengeFiled, CaseAdvanced.
    /// @param number Of the caller's challenges of the deal, from 0: each doubles the bond
    /// @param withheld The task's data can't be had; else: its leaf is wrong
    /// @param leaf Commitment to the leaf held right
    /// @param secret Commitment to the secret of the first draw
    function challenge(
        Request calldata request,
        uint8 number,
        bool withheld,
        uint32 task,
        bytes32 leaf,
        bytes32 secret
    ) external returns (bytes32 caseId);

    /// @notice Open the challenged leaf and commit to a secret; by the deal's miner, in the first round
    /// @dev Phase Answering; the other party's commitment is there, so a block is named, and Drawing begins. Reverts:
    /// ForeignRequest, WrongPhase, PhaseOver, NotMiner, AlreadyDone, NothingCommitted, TaskOutOfRange, WrongPathLength,
    /// LeafNotInResult. Emits LeafOpened, CaseAdvanced.
    function answer(
        Request calldata request,
        bytes32 caseId,
        bytes32 secret,
        IResultTree.Leaf calldata leaf,
        IResultTree.Sibling[] calldata path
    ) external;

    /// @notice Commit to a secret; by filer or miner, in later rounds
    /// @dev Phase Answering. When both have, a block is named, and Drawing begins. Reverts: WrongPhase, PhaseOver,
    /// NotParty, AlreadyDone, NothingCommitted. Emits SecretCommitted, CaseAdvanced.
    function commitSecret(bytes32 caseId, bytes32 secret) external;

    /// @notice Reveal a secret; by filer or miner. The second one draws the jury
    /// @dev Phase Drawing. Records the hash, if it is not. Reverts: WrongPhase, PhaseOver, NotParty, AlreadyDone,
    /// NotCommitted, HashNotThere, HashMissed. Emits HashRecorded, SecretRevealed, JurorDrawn, CaseAdvanced.
    function revealSecret(bytes32 caseId, bytes32 secret) external;

    /// @notice Commit to a vote; by the juror of seat `index` of the present jury
    /// @dev Phase Voting. When all have, the next phase begins. Reverts: WrongPhase, PhaseOver, NoSuchSeat, NotJuror,
    /// NothingCommitted, VotedAlready. Emits VoteCommitted, CaseAdvanced.
    function commitVote(bytes32 caseId, uint256 index, bytes32 commitment) external;

    /// @notice Show the leaf committed to at filing; by the filer. From now on the requester can't accept any more
    /// @dev Phase Showing. Reverts: ForeignRequest, WrongPhase, PhaseOver, NotFiler, NotCommitted, and what the
    /// market's noteReveal does. Emits LeafShown, CaseAdvanced.
    /// @param leaf The leaf's hash; 0 of withheld data
    function showLeaf(
        Request calldata request,
        bytes32 caseId,
        bytes32 leaf,
        bytes32 salt
    ) external;

    /// @notice Reveal a vote; by anybody who knows it
    /// @dev Phase Revealing. The last one counts the votes. Reverts: WrongPhase, PhaseOver, NoSuchSeat, NoVote,
    /// NotCommitted. Emits VoteRevealed, VotesCounted, CaseAdvanced.
    /// @param leaf The leaf's hash; 0: the data can't be had
    function revealVote(
        bytes32 caseId,
        uint256 index,
        bytes32 leaf,
        bytes32 trace,
        bytes32 salt
    ) external;

    /// @notice Prove a claim false by a path of its own result, without a jury; by anybody, within the window
    /// @dev The path leads to the root, with another total than claimed: all leaves count as wrong; or with a leaf
    /// above the class's maximum: that one does. The deal ends by `finish`. Reverts: WrongState, FilingOver, TaskOutOfRange,
    /// WrongPathLength, NothingFalse, and what the market's freeze does. Emits DealFrozen,
    /// ClaimProvedFalse.
    function proveFalse(
        Request calldata request,
        IResultTree.Leaf calldata leaf,
        IResultTree.Sibling[] calldata path
    ) external;

    /// @notice Keep the hash of the named block; by anybody, within 256 blocks after it
    /// @dev Phase Drawing. Later it names the next block, and the jury is the large one. Reverts: WrongPhase, PhaseOver,
    /// HashRecordedAlready, HashNotThere. Emits HashRecorded, or HashRenamed and CaseAdvanced.
    function recordHash(bytes32 caseId) external;

    /// @notice Go on with a draw for which one call was not enough; by anybody
    /// @dev Phase Drawing, both secrets revealed. Reverts: WrongPhase, PhaseOver, NoStepDue. Emits JurorDrawn,
    /// CaseAdvanced.
    function draw(bytes32 caseId) external;

    /// @notice Show what a juror will vote, and take half of what is left of its seat's stake; by anybody
    /// @dev The sink gets the other half; the seat counts as absent, and is not drawn any more. Phase Voting or Showing.
    /// Reverts: WrongPhase, PhaseOver, NoSuchSeat, NoVote, NotCommitted. Emits SeatSeized.
    function seizeSeat(
        bytes32 caseId,
        uint256 index,
        bytes32 leaf,
        bytes32 trace,
        bytes32 salt
    ) external;

    /// @notice Ask for a larger jury; once, by the party that lost, after no result by either
    /// @dev Phase Decided. The deposit is locked in the caller's account. Reverts: WrongPhase, PhaseOver, NotParty,
    /// NotLoser, AlreadyDone, NothingCommitted, InsufficientAvailable. Emits Appealed, CaseAdvanced.
    /// @param secret Commitment to the secret of the new draw
    function appeal(bytes32 caseId, bytes32 secret) external;
}
