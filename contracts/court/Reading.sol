// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICourtViews} from "../../interfaces/ICourtViews.sol";
import {ILeastTimes} from "../../interfaces/ILeastTimes.sol";
import {Case, CaseLibrary, CaseStatus, Docket, Phase, Round} from "../types/Case.sol";
import {CourtRules} from "../types/CourtRules.sol";
import {MinerId} from "../types/Ids.sol";
import {MinerDocket, Seat, SeatTotals} from "../types/Seat.sol";
import {Closing} from "./Closing.sol";

/// @title What can be read of a court
abstract contract Reading is Closing, ICourtViews, ILeastTimes {
    /// @inheritdoc ICourtViews
    function market() external view returns (address) {
        return address(_market);
    }

    /// @inheritdoc ILeastTimes
    function leastTimes() external view returns (uint32 challengeWindow, uint32 verdictBy) {
        // At most 90 days
        return (_filing, uint32(rules().verdictBy()));
    }

    /// @inheritdoc ICourtViews
    function seatOf(uint32 position) external view throughMarket returns (Seat memory) {
        return _seats[position];
    }

    /// @inheritdoc ICourtViews
    function seatTotals() external view throughMarket returns (SeatTotals memory) {
        return _totals;
    }

    /// @inheritdoc ICourtViews
    function capacity() external view throughMarket returns (uint256 value, uint32 places) {
        value = (uint256(_largeJury) * _seatStake * BPS) / (uint256(_casesPerSeat) * _coverBps);
        SeatTotals memory totals = _totals;
        uint256 all = _placesOf(totals);
        uint256 taken = uint256(totals.occupied) + _appealJury;
        // Places of 2^32 seats fit in 32 bits for long
        places = all > taken ? uint32(all - taken) : 0;
    }

    /// @inheritdoc ICourtViews
    function depositOf(
        uint8 number,
        uint8 seats,
        MinerId minerId
    ) external view throughMarket returns (uint256) {
        return _depositOf(number, seats, minerId);
    }

    /// @inheritdoc ICourtViews
    function appealDepositOf(MinerId minerId) external view throughMarket returns (uint256) {
        return _appealDepositOf(minerId);
    }

    /// @inheritdoc ICourtViews
    function juryOf(uint256 value) external view throughMarket returns (uint8 seats) {
        return _juryOf(value);
    }

    /// @inheritdoc ICourtViews
    function caseIdOf(
        bytes32 requestId,
        address filer,
        uint8 number
    ) external pure returns (bytes32) {
        return _caseId(requestId, filer, number);
    }

    /// @inheritdoc ICourtViews
    function caseOf(bytes32 caseId) external view throughMarket returns (CaseStatus memory status) {
        Case memory self = _cases[caseId];
        (status.filer, status.phase, status.deadline) = (self.filer, self.phase, self.deadline);
        (status.seats, status.outcome) = (self.seats, self.outcome);
        (status.committed, status.revealed) = (self.committed, self.revealed);
        _readFlags(caseId, status);
        (status.leaf, status.minerLeaf) = (self.leaf, self.minerLeaf);
        (status.minerId, status.task, status.filedAt) = (self.minerId, self.task, self.filedAt);
        (status.positions, status.named) = (self.positions, self.named);
        (status.number, status.places, status.deposit) = (self.number, self.places, self.deposit);
        (status.appellant, status.appealDeposit) = (self.appellant, self.appealDeposit);
    }

    /// @inheritdoc ICourtViews
    function seatsOf(
        bytes32 caseId,
        uint8 round
    ) external view throughMarket returns (uint32[] memory positions) {
        Round storage current = _rounds[caseId][round];
        positions = new uint32[](current.drawn());
        for (uint256 i = 0; i < positions.length; ++i) {
            positions[i] = current.seats[i];
        }
    }

    /// @inheritdoc ICourtViews
    function voteOf(
        bytes32 caseId,
        uint8 round,
        bool second,
        uint256 index
    ) external view throughMarket returns (bytes32) {
        return _rounds[caseId][round].votes[second][index];
    }

    /// @inheritdoc ICourtViews
    function nonceOf(bytes32 caseId) external view throughMarket returns (bytes32) {
        Case storage self = _cases[caseId];
        uint8 round = self.round();
        return
            keccak256(
                abi.encode(_rounds[caseId][round].seed(CaseLibrary.MINER), self.votesAgain(round))
            );
    }

    /// @inheritdoc ICourtViews
    function docketOf(bytes32 requestId) external view throughMarket returns (Docket memory) {
        return _dockets[requestId];
    }

    /// @inheritdoc ICourtViews
    function minerDocketOf(
        MinerId minerId
    ) external view throughMarket returns (MinerDocket memory) {
        return _minerDockets[minerId];
    }

    /// @inheritdoc ICourtViews
    function rules() public view returns (CourtRules memory r) {
        (r.inclusion, r.step, r.vote, r.cure) = (_inclusion, _step, _vote, _cure);
        (r.queue, r.filing, r.joinDelay, r.leaveDelay) = (_queue, _filing, _joinDelay, _leaveDelay);
        (r.jury, r.largeJury, r.appealJury) = (_jury, _largeJury, _appealJury);
        (r.casesPerSeat, r.coverBps, r.penaltyBps) = (_casesPerSeat, _coverBps, _penaltyBps);
        (r.leastSlashBps, r.cureSlashBps) = (_leastSlashBps, _cureSlashBps);
        (r.slashFactor, r.delayRate) = (_slashFactor, _delayRate);
        (r.seatStake, r.seatFee, r.bond, r.rewardCap) = (_seatStake, _seatFee, _bond, _rewardCap);
        r.sink = _sink;
    }

    function _readFlags(bytes32 caseId, CaseStatus memory status) private view {
        Case storage self = _cases[caseId];
        uint8 round = self.round();
        if (status.phase <= Phase.Drawing) {
            status.filerActed = status.committed & CaseLibrary.FILER != 0;
            status.minerActed = status.committed & CaseLibrary.MINER != 0;
        }
        (status.round, status.second) = (round, self.votesAgain(round));
        status.withheld = self.has(CaseLibrary.WITHHELD);
        status.unavailable = self.wasUnavailable(round);
        status.shown = self.has(CaseLibrary.SHOWN);
        Round storage current = _rounds[caseId][round];
        if (status.phase == Phase.Drawing) status.seed = current.seed(status.committed);
        else if (current.seats[0] != 0) status.seed = current.seed(CaseLibrary.MINER);
    }
}
