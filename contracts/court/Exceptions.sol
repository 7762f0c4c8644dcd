// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICases} from "../../interfaces/ICases.sol";
import {IResultTree} from "../../interfaces/IResultTree.sol";
import {ResultTree} from "../libraries/ResultTree.sol";
import {Case, CaseLibrary, Docket, Outcome, Phase, Round, RoundLibrary} from "../types/Case.sol";
import {Deal} from "../types/Deal.sol";
import {Request} from "../types/Request.sol";
import {Counting} from "./Counting.sol";
import {Dockets} from "./Dockets.sol";

/// @title What cases rarely need
abstract contract Exceptions is Counting, Dockets, ICases {
    /// @inheritdoc ICases
    function proveFalse(
        Request calldata request,
        IResultTree.Leaf calldata leaf,
        IResultTree.Sibling[] calldata path
    ) external {
        bytes32 requestId = _idOf(request);
        Deal memory deal = _submitted(requestId);
        Docket storage docket = _openDocket(request, requestId, deal);
        (bool reached, uint64 total) = ResultTree.open(deal.root, request.tasks, leaf, path);
        bool contradicts = total != deal.unitsUsed;
        uint64 most = _market.resourceClass(request.resource).maxTaskUnits;
        require(reached && (contradicts || leaf.units > most), ICases.NothingFalse(requestId));
        if (contradicts) docket.allWrong = true;
        else _markWrong(docket, requestId, leaf.index, true);
        emit ICases.ClaimProvedFalse(requestId, leaf.index, total);
        _market.setDue(request, 0);
    }

    /// @inheritdoc ICases
    function recordHash(bytes32 caseId) external {
        Case storage self = _caseDuring(caseId, Phase.Drawing);
        Round storage current = _round(caseId, self);
        require(current.seed(self.committed) == 0, ICases.HashRecordedAlready(caseId));
        uint32 named = self.named;
        if (block.number > named + HASHES) _renameBlock(caseId, self);
        else current.hash = _readHash(caseId, named);
    }

    /// @inheritdoc ICases
    function draw(bytes32 caseId) external {
        Case storage self = _caseDuring(caseId, Phase.Drawing);
        require(self.committed == BOTH, ICases.NoStepDue(caseId, Phase.Drawing, self.deadline));
        _draw(caseId, self, _round(caseId, self));
    }

    /// @inheritdoc ICases
    function seizeSeat(
        bytes32 caseId,
        uint256 index,
        bytes32 leaf,
        bytes32 trace,
        bytes32 salt
    ) external {
        Case storage self = _cases[caseId];
        if (self.phase == Phase.Voting) self.requireDuring(caseId, Phase.Voting);
        else self.requireDuring(caseId, Phase.Showing);
        Round storage current = _round(caseId, self);
        bool second = _requireVote(caseId, self, current, index, leaf, trace, salt);
        current.votes[second][index] = bytes32(RoundLibrary.SEIZED);
        --self.committed;
        uint32 position = current.seats[index];
        uint256 amount = _takeStake(position, ALL);
        _accounts[msg.sender].credit(amount / 2);
        _accounts[_sink].credit(amount - amount / 2);
        emit ICases.SeatSeized(caseId, position, msg.sender, index, amount / 2);
    }

    /// @dev Never a small draw again: whoever let the hash pass may have looked at it.
    function _renameBlock(bytes32 caseId, Case storage self) private {
        if (self.seats < _largeJury) {
            _addPlaces(self, _largeJury - self.seats);
            self.seats = _largeJury;
        }
        self.named = uint32(block.number + 1);
        if (!self.has(CaseLibrary.MARKED)) {
            self.set(CaseLibrary.MARKED);
            _beginDrawing(caseId, self);
        }
        emit ICases.HashRenamed(caseId, self.named, self.seats);
    }

    /// @inheritdoc ICases
    function appeal(bytes32 caseId, bytes32 secret) external {
        Case storage self = _caseDuring(caseId, Phase.Decided);
        require(self.round() != CaseLibrary.LAST_ROUND, ICases.AlreadyDone(caseId, msg.sender));
        address miner = _minerAccount(self.minerId);
        address filer = self.filer;
        // Nobody is both: its deposit would not be lost.
        require((msg.sender == filer) != (msg.sender == miner), ICases.NotParty(msg.sender));
        Outcome outcome = self.outcome;
        bool lost = outcome == Outcome.None || (msg.sender == filer) == (outcome == Outcome.Stands);
        require(lost, ICases.NotLoser(msg.sender, outcome));
        uint256 deposit = _appealDepositOf(self.minerId);
        _accounts[msg.sender].lock(msg.sender, deposit);
        // A bond of 96 bits times 2, and a fee of 96 bits times 31 x 16
        (self.appellant, self.appealDeposit) = (msg.sender, uint112(deposit));
        emit ICases.Appealed(caseId, msg.sender, deposit);
        self.beginRound(CaseLibrary.LAST_ROUND, _appealJury, 0);
        // A miner that has not opened its leaf has lost by silence.
        _takeCommitment(caseId, self, msg.sender == miner, secret);
        _seatJury(caseId, self);
    }
}
