// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICases} from "../../interfaces/ICases.sol";
import {MinerId} from "./Ids.sol";

using CaseLibrary for Case global;
using RoundLibrary for Round global;

/// @notice Where a case stands; the last four are final
enum Phase {
    None,
    /// Waits for free seats
    Queued,
    /// The parties commit to their secrets; first the miner opens its leaf, too
    Answering,
    /// A block's hash is recorded, the parties reveal their secrets, the jury is drawn
    Drawing,
    /// Jurors commit to their votes
    Voting,
    /// The filer shows the leaf that it holds right
    Showing,
    /// Jurors reveal their votes
    Revealing,
    /// The miner serves jurors who could not get the data; they vote again afterwards
    Curing,
    /// Votes are counted; the loser may appeal
    Decided,
    /// The filer lost
    Rejected,
    /// The miner lost
    Upheld,
    /// No jury came to a result
    Undecided,
    /// The deal ended without the court
    Void
}

/// @notice What a jury found
enum Outcome {
    /// Nothing: no majority
    None,
    /// The miner's leaf is right
    Stands,
    /// The miner's leaf is wrong
    Wrong,
    /// The data can't be had
    Unavailable
}

/// @notice What a case costs or gives a juror
enum Assessment {
    /// Neither
    Nothing,
    Paid,
    /// Absent, or against the verdict
    Penalized,
    /// Of a majority that an appeal reversed
    Unseated
}

/// @dev What is stored of a challenge
struct Case {
    // first slot
    address filer;
    Phase phase;
    /// Until when what the phase is for can be done, in seconds since 1970
    uint40 deadline;
    /// Of the present jury
    uint8 seats;
    /// Votes committed in the present ballot; in Answering and Drawing: bit 0 the filer, bit 1 the miner has acted
    uint8 committed;
    /// Votes revealed in the present ballot; in Drawing: calls that drew
    uint8 revealed;
    /// Of the last jury that found something
    Outcome outcome;
    /// Bits below; the round in the two highest
    uint8 flags;
    // second slot
    /// What the filer committed to; once shown, the hash of the leaf that it holds right
    bytes32 leaf;
    // third slot
    /// Of the filer, in base units; of a case with a claim: what it paid for jurors
    uint112 deposit;
    uint32 task;
    /// In seconds since 1970
    uint32 filedAt;
    /// Number of the deal's miner
    MinerId minerId;
    /// Of the filer's challenges of the deal, from 0
    uint8 number;
    /// Places kept for it; of a closed case: 1 as long as its filer has a claim
    uint8 places;
    // fourth slot
    /// First half of the hash of the leaf that the miner opened; 0: none
    bytes16 minerLeaf;
    /// Positions that the present jury is drawn from
    uint32 positions;
    /// Block whose hash the present draw uses
    uint32 named;
    // fifth slot, after an appeal
    address appellant;
    // sixth slot, after an appeal
    /// In base units
    uint112 appealDeposit;
}

/// @dev A jury and how it is drawn and votes
struct Round {
    /// What the parties committed to. Who reveals first: the named block's hash, mixed with its secret. Of the miner,
    /// once both have: the seed.
    bytes32 filerSecret;
    bytes32 minerSecret;
    /// Hash of the named block, where it was recorded before a secret was revealed
    bytes32 hash;
    /// Positions of the seats drawn, 0: none yet
    uint32[32] seats;
    /// Commitments, whose lowest bit is 0, and revealed votes, whose lowest bit is 1
    mapping(bool second => mapping(uint256 index => bytes32)) votes;
}

/// @notice A case as it stands
struct CaseStatus {
    address filer;
    Phase phase;
    /// Until when what the phase is for can be done, in seconds since 1970
    uint40 deadline;
    /// 0: first jury, 1: redrawn for want of a majority, 2: after an appeal
    uint8 round;
    /// Of the present jury
    uint8 seats;
    /// Whether the filer, and the miner, have committed to (Answering) or revealed (Drawing) their secrets
    bool filerActed;
    bool minerActed;
    /// Votes committed and revealed in the present ballot
    uint8 committed;
    uint8 revealed;
    /// Of the last jury that found something
    Outcome outcome;
    /// Filed because data is withheld, not because a leaf is wrong
    bool withheld;
    /// Half of a jury could not get the data: votes are, or were, cast a second time
    bool unavailable;
    /// The present votes are the second ones of the round
    bool second;
    /// The filer showed its leaf
    bool shown;
    /// What the filer committed to; once shown, the hash of the leaf that it holds right
    bytes32 leaf;
    /// First half of the hash of the leaf that the miner opened; 0: none
    bytes16 minerLeaf;
    MinerId minerId;
    uint32 task;
    /// In seconds since 1970
    uint32 filedAt;
    /// Positions that the present jury is drawn from
    uint32 positions;
    /// Block whose hash the present draw uses
    uint32 named;
    /// Of the filer's challenges of the deal, from 0
    uint8 number;
    /// Places kept for it; of a closed case: 1 as long as its filer has a claim
    uint8 places;
    /// Of the filer, in base units; of a case with a claim: what it paid for jurors
    uint112 deposit;
    /// Who appealed; zero: nobody
    address appellant;
    uint112 appealDeposit;
    /// Hash of the named block, mixed with the secrets revealed; 0: not recorded, or nobody drawn in the end
    bytes32 seed;
}

/// @notice What a court keeps of a deal
struct Docket {
    // first slot
    /// Last second in which challenges are filed, in seconds since 1970
    uint40 filingUntil;
    /// Cases that are not closed
    uint16 open;
    /// Closed cases whose filers still get something
    uint16 claims;
    /// Of those, the ones that share the reward
    uint16 right;
    /// Leaves found wrong
    uint32 wrong;
    /// All leaves count as wrong: data stayed unavailable, or the claim contradicts itself
    bool allWrong;
    /// Data came only when jurors had asked for it
    bool cured;
    /// Filing was opened again
    bool reopened;
    bool frozen;
    /// A filer showed its leaf: the requester can't accept any more
    bool noted;
    /// The court is done with the deal
    bool finished;
    // second slot, where there are claims
    /// What their filers paid for jurors, in base units
    uint112 owed;
    /// What of it is there, in base units
    uint112 refunds;
    // third slot, where there are claims
    /// Reward of each that shares it, in base units
    uint112 reward;
}

/// @title Transitions of one case
/// @dev That a transition is allowed, the caller has checked: `require…` say how.
library CaseLibrary {
    /// @dev Filed because data is withheld
    uint8 internal constant WITHHELD = 1;
    /// @dev The present draw's first block was missed; of a closed case: its filer shares the reward
    uint8 internal constant MARKED = 2;
    /// @dev The filer has shown its leaf
    uint8 internal constant SHOWN = 4;
    /// @dev A round votes, or has voted, a second time: this bit and the next two, by round
    uint8 private constant SECOND = 8;
    uint8 private constant ROUND_BIT = 6;
    uint8 internal constant FILER = 1;
    uint8 internal constant MINER = 2;
    uint8 internal constant LAST_ROUND = 2;

    function enter(Case storage self, bytes32 caseId, Phase phase, uint256 duration) internal {
        self.phase = phase;
        // Durations are at most 30 days
        self.deadline = uint40(block.timestamp + duration);
        emit ICases.CaseAdvanced(caseId, phase, self.round(), self.deadline);
    }

    /// @dev A final one
    function close(Case storage self, bytes32 caseId, Phase phase) internal {
        self.phase = phase;
        self.deadline = 0;
        self.flags &= ~MARKED;
        emit ICases.CaseAdvanced(caseId, phase, self.round(), 0);
    }

    function beginBallot(Case storage self) internal {
        (self.committed, self.revealed) = (0, 0);
    }

    /// @param acted Who has committed to a secret already
    function beginRound(Case storage self, uint8 number, uint8 seats, uint8 acted) internal {
        self.seats = seats;
        (self.committed, self.revealed) = (acted, 0);
        self.flags = (self.flags & (WITHHELD | SHOWN | (7 * SECOND))) | (number << ROUND_BIT);
    }

    function set(Case storage self, uint8 flag) internal {
        self.flags |= flag;
    }

    function voteAgain(Case storage self) internal {
        self.flags |= SECOND << self.round();
    }

    function requireDuring(Case storage self, bytes32 caseId, Phase expected) internal view {
        self.requirePhase(caseId, expected);
        uint40 deadline = self.deadline;
        require(block.timestamp <= deadline, ICases.PhaseOver(caseId, deadline));
    }

    function requirePhase(Case storage self, bytes32 caseId, Phase expected) internal view {
        Phase phase = self.phase;
        // Only the court itself writes phases; nobody can push one past a value.
        // slither-disable-next-line incorrect-equality
        require(phase == expected, ICases.WrongPhase(caseId, phase));
    }

    function isOver(Case storage self) internal view returns (bool) {
        return block.timestamp > self.deadline;
    }

    function has(Case storage self, uint8 flag) internal view returns (bool) {
        return self.flags & flag != 0;
    }

    function round(Case storage self) internal view returns (uint8) {
        return self.flags >> ROUND_BIT;
    }

    function votesAgain(Case storage self, uint256 inRound) internal view returns (bool) {
        return self.flags & (uint256(SECOND) << inRound) != 0;
    }

    /// @notice Half of a jury could not get the data, in a round up to this one
    function wasUnavailable(Case storage self, uint256 upTo) internal view returns (bool) {
        return self.flags & (SECOND * ((uint256(2) << upTo) - 1)) != 0;
    }
}

/// @title Juries and their votes
/// @dev A vote is one word: 128 bits of the leaf's hash, 127 of the trace, 1; or only the 1: the data can't be had.
library RoundLibrary {
    uint256 internal constant UNAVAILABLE = 1;
    /// @dev In place of a commitment that somebody else showed
    uint256 internal constant SEIZED = 2;

    /// @notice The named block's hash, mixed with the secrets that were revealed; 0: not recorded
    /// @param acted Who has revealed its secret
    function seed(Round storage self, uint8 acted) internal view returns (bytes32) {
        if (acted & CaseLibrary.MINER != 0) return self.minerSecret;
        return acted & CaseLibrary.FILER != 0 ? self.filerSecret : self.hash;
    }

    /// @param mixed The seed up to now, with this party's secret
    /// @param last Whether the other one has revealed
    function mix(Round storage self, bytes32 mixed, bool byMiner, bool last) internal {
        if (byMiner || last) self.minerSecret = mixed;
        else self.filerSecret = mixed;
    }

    /// @return number Seats drawn
    function drawn(Round storage self) internal view returns (uint256 number) {
        while (self.seats[number] != 0) ++number;
    }

    function voteFrom(bytes32 leaf, bytes32 trace) internal pure returns (uint256) {
        if (leaf == 0) return UNAVAILABLE;
        return ((uint256(leaf) >> 128) << 128) | (uint256(trace) >> 128) | 1;
    }

    /// @notice Somebody committed to it, and nobody else showed it before
    function isCast(uint256 vote) internal pure returns (bool) {
        return vote != 0 && vote != SEIZED;
    }

    function isRevealed(uint256 vote) internal pure returns (bool) {
        return vote & 1 == 1;
    }

    function sameLeaf(uint256 vote, uint256 other) internal pure returns (bool) {
        return vote >> 128 == other >> 128;
    }

    /// @notice The vote that decides: of more than half for a leaf and trace, of half or more for "can't be had"
    /// @return 0 where there is none
    function found(uint256[] memory votes) internal pure returns (uint256) {
        for (uint256 i = 0; i < votes.length; ++i) {
            uint256 vote = votes[i];
            if (!isRevealed(vote)) continue;
            uint256 count = 0;
            for (uint256 j = 0; j < votes.length; ++j) {
                if (votes[j] == vote) ++count;
            }
            // Juries are odd: half is more than half.
            if (2 * count > votes.length) return vote;
        }
        return 0;
    }

    /// @notice What a juror's vote means, once the case is closed
    /// @param own What its jury found
    /// @param verdict What holds; 0: nothing
    function assess(uint256 vote, uint256 own, uint256 verdict) internal pure returns (Assessment) {
        if (!isRevealed(vote)) return Assessment.Penalized;
        if (verdict == 0) return Assessment.Paid;
        bool reversed = own != 0 && !sameLeaf(own, verdict);
        if (reversed && vote == own) return Assessment.Unseated;
        if (verdict == UNAVAILABLE) return Assessment.Paid;
        if (vote == UNAVAILABLE) return Assessment.Nothing;
        bool agrees = own == 0 || reversed ? sameLeaf(vote, verdict) : vote == own;
        return agrees ? Assessment.Paid : Assessment.Penalized;
    }
}
