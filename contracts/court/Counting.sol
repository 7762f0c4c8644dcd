// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICases} from "../../interfaces/ICases.sol";
import {Case, CaseLibrary, Outcome, Phase, Round, RoundLibrary} from "../types/Case.sol";
import {Draws} from "./Draws.sol";

/// @title What jurors vote, and what they find
abstract contract Counting is Draws {
    function _endVoting(bytes32 caseId, Case storage self) internal {
        if (self.committed == 0) _count(caseId, self);
        else if (self.has(CaseLibrary.SHOWN)) self.enter(caseId, Phase.Revealing, _step);
        else self.enter(caseId, Phase.Showing, _step);
    }

    function _count(bytes32 caseId, Case storage self) internal {
        uint8 round = self.round();
        uint256 found = RoundLibrary.found(_votes(caseId, self, round));
        Outcome outcome = _outcomeOf(self, found);
        emit ICases.VotesCounted(caseId, round, outcome);
        if (outcome == Outcome.Unavailable && !self.votesAgain(round)) {
            self.enter(caseId, Phase.Curing, _cure);
            return;
        }
        if (outcome == Outcome.None) {
            _endWithoutMajority(caseId, self);
            return;
        }
        self.outcome = outcome;
        self.enter(caseId, Phase.Decided, round == CaseLibrary.LAST_ROUND ? 0 : _step);
    }

    function _endWithoutMajority(bytes32 caseId, Case storage self) internal {
        uint8 round = self.round();
        if (round != 0) {
            self.enter(caseId, Phase.Decided, round == CaseLibrary.LAST_ROUND ? 0 : _step);
            return;
        }
        self.beginRound(1, self.seats, 0);
        _seatJury(caseId, self);
    }

    /// @dev The last votes of a round
    function _votes(
        bytes32 caseId,
        Case storage self,
        uint256 round
    ) internal view returns (uint256[] memory votes) {
        Round storage current = _rounds[caseId][round];
        bool second = self.votesAgain(round);
        votes = new uint256[](current.drawn());
        for (uint256 i = 0; i < votes.length; ++i) {
            votes[i] = uint256(current.votes[second][i]);
        }
    }

    /// @dev That somebody committed to this vote, and has not revealed it
    /// @return second Whether it is one of the second votes of the round
    function _requireVote(
        bytes32 caseId,
        Case storage self,
        Round storage current,
        uint256 index,
        bytes32 leaf,
        bytes32 trace,
        bytes32 salt
    ) internal view returns (bool second) {
        require(index < self.seats, ICases.NoSuchSeat(caseId, index));
        uint8 round = self.round();
        second = self.votesAgain(round);
        bytes32 expected = current.votes[second][index];
        require(
            uint256(expected) > RoundLibrary.SEIZED && !RoundLibrary.isRevealed(uint256(expected)),
            ICases.NoVote(caseId, index)
        );
        bytes32 given = keccak256(abi.encode(caseId, round, second, index, leaf, trace, salt));
        require(_even(given) == expected, ICases.NotCommitted(expected));
    }

    /// @dev Commitments have the lowest bit 0, revealed votes 1.
    function _even(bytes32 commitment) internal pure returns (bytes32) {
        return commitment & ~bytes32(uint256(1));
    }

    function _outcomeOf(Case storage self, uint256 found) private view returns (Outcome) {
        if (found == 0) return Outcome.None;
        if (found == RoundLibrary.UNAVAILABLE) return Outcome.Unavailable;
        bool same = RoundLibrary.sameLeaf(found, uint256(bytes32(self.minerLeaf)));
        return same ? Outcome.Stands : Outcome.Wrong;
    }
}
