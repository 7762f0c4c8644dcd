// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICases} from "../../interfaces/ICases.sol";
import {Case, CaseLibrary, Phase, Round} from "../types/Case.sol";
import {Seat} from "../types/Seat.sol";
import {Places} from "./Places.sol";

/// @title The parties' secrets, a block's hash, and the jury that they draw
abstract contract Draws is Places {
    /// @dev How far back the chain tells hashes, in blocks
    uint256 internal constant HASHES = 256;
    /// @dev Numbers that one call tries
    uint256 private constant TRIES = 256;
    uint8 internal constant BOTH = CaseLibrary.FILER | CaseLibrary.MINER;

    function _takeCommitment(
        bytes32 caseId,
        Case storage self,
        bool byMiner,
        bytes32 secret
    ) internal {
        require(secret != 0, ICases.NothingCommitted());
        Round storage current = _round(caseId, self);
        if (byMiner) current.minerSecret = secret;
        else current.filerSecret = secret;
        uint8 acted = self.committed | (byMiner ? CaseLibrary.MINER : CaseLibrary.FILER);
        if (acted != BOTH) {
            self.committed = acted;
            return;
        }
        self.beginBallot();
        // Blocks are numbered with 32 bits for long
        self.named = uint32(block.number + 1);
        _beginDrawing(caseId, self);
    }

    function _beginDrawing(bytes32 caseId, Case storage self) internal {
        self.positions = _totals.positions;
        self.enter(caseId, Phase.Drawing, _step);
    }

    function _readHash(bytes32 caseId, uint32 named) internal returns (bytes32 hash) {
        require(block.number > named, ICases.HashNotThere(named));
        hash = blockhash(named);
        emit ICases.HashRecorded(caseId, named, hash);
    }

    function _draw(bytes32 caseId, Case storage self, Round storage current) internal {
        uint256 since = self.deadline - _step;
        (uint256 seats, uint256 positions) = (self.seats, self.positions);
        (uint256 first, uint8 round) = (self.revealed * TRIES, self.round());
        bytes32 seed = current.seed(BOTH);
        uint32[] memory taken = _taken(caseId, round, seats);
        uint256 index = current.drawn();
        for (uint256 i = first; i < first + TRIES && index < seats; ++i) {
            // At most the number of positions
            uint32 position = uint32(uint256(keccak256(abi.encode(seed, i))) % positions) + 1;
            Seat storage seat = _seats[position];
            if (!_wasSeated(seat, since) || _contains(taken, position)) continue;
            taken[index] = position;
            current.seats[index] = position;
            ++seat.sitting;
            emit ICases.JurorDrawn(caseId, seat.juror, position, round, index);
            ++index;
        }
        if (index == seats) {
            self.beginBallot();
            self.enter(caseId, Phase.Voting, _vote);
        } else {
            ++self.revealed;
        }
    }

    /// @dev Whether the caller is the miner; a filer that is the miner, too, acts for itself first.
    function _isMinersTurn(bytes32 caseId, Case storage self) internal view returns (bool) {
        uint8 acted = self.committed;
        bool isFiler = msg.sender == self.filer;
        if (isFiler && acted & CaseLibrary.FILER == 0) return false;
        bool isMiner = msg.sender == _minerAccount(self.minerId);
        require(isFiler || isMiner, ICases.NotParty(msg.sender));
        require(isMiner && acted & CaseLibrary.MINER == 0, ICases.AlreadyDone(caseId, msg.sender));
        return true;
    }

    /// @dev Whether a seat could be drawn at a time, and was not left. How many cases it sits in does not matter, or
    /// when the draw is made would decide who is drawn.
    function _wasSeated(Seat storage seat, uint256 since) private view returns (bool) {
        if (seat.juror == address(0) || seat.since > since) return false;
        uint256 until = seat.until;
        return until == 0 || until > since + _leaveDelay;
    }

    /// @dev Positions in juries of the case: the present one's first, then, from `seats` on, those of earlier rounds
    function _taken(
        bytes32 caseId,
        uint256 round,
        uint256 seats
    ) private view returns (uint32[] memory taken) {
        taken = new uint32[](seats + _earlier(caseId, round));
        uint256 next = seats;
        for (uint256 r = 0; r < round; ++r) {
            Round storage earlier = _rounds[caseId][r];
            uint256 drawn = earlier.drawn();
            for (uint256 i = 0; i < drawn; ++i) taken[next++] = earlier.seats[i];
        }
        Round storage current = _rounds[caseId][round];
        for (uint256 i = 0; current.seats[i] != 0; ++i) taken[i] = current.seats[i];
    }

    function _contains(uint32[] memory list, uint32 position) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == position) return true;
        }
        return false;
    }
}
