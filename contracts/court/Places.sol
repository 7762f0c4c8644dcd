// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ISeats} from "../../interfaces/ISeats.sol";
import {Case, Phase, Round} from "../types/Case.sol";
import {MinerId} from "../types/Ids.sol";
import {MinerDocket, Seat, SeatTotals} from "../types/Seat.sol";
import {CourtStorage} from "./CourtStorage.sol";

/// @title Places of seats in cases: who gets them, and what they cost
abstract contract Places is CourtStorage {
    /// @dev Penalties of a seat whose stake is lost, all of it
    uint8 internal constant ALL = type(uint8).max;
    uint256 private constant MOST_FEE_FACTOR = 16;
    /// @dev How many times a miner's own cases count for the fee of one more
    uint256 private constant OWN_WEIGHT = 10;

    function _depositOf(
        uint8 number,
        uint256 seats,
        MinerId minerId
    ) internal view returns (uint256) {
        return (uint256(_bond) << number) + _fee(seats, minerId);
    }

    function _appealDepositOf(MinerId minerId) internal view returns (uint256) {
        return 2 * uint256(_bond) + _fee(_appealJury, minerId);
    }

    function _juryOf(uint256 value) internal view returns (uint8) {
        uint256 covered = uint256(_jury) * _seatStake * BPS;
        return covered >= value * _coverBps * _casesPerSeat ? _jury : _largeJury;
    }

    /// @dev The jury gets its places, or waits for them.
    function _seatJury(bytes32 caseId, Case storage self) internal {
        if (_keepPlaces(caseId, self)) {
            self.enter(caseId, Phase.Answering, _step);
            return;
        }
        _totals.queued += self.seats;
        // Later, only a crowd of appeals is in the way.
        self.enter(caseId, Phase.Queued, self.round() == 0 ? _queue : _step);
    }

    /// @dev Keeps places for a jury, if there are enough: for a first one, so many that it can be appealed against.
    function _keepPlaces(bytes32 caseId, Case storage self) internal returns (bool) {
        SeatTotals memory totals = _totals;
        (uint256 jury, uint8 round) = (self.seats, self.round());
        uint256 more = round == 0 ? _appealJury : 0;
        if (totals.seats < jury + _earlier(caseId, round)) return false;
        if (totals.occupied + jury + more > _placesOf(totals)) return false;
        _addPlaces(self, jury);
        return true;
    }

    /// @dev A jury waits no longer, whatever became of it.
    function _unqueue(Case storage self) internal {
        _totals.queued -= self.seats;
    }

    function _addPlaces(Case storage self, uint256 jury) internal {
        MinerDocket storage docket = _minerDockets[self.minerId];
        // Three juries of 31 seats at most
        self.places += uint8(jury);
        _totals.occupied += uint32(jury);
        docket.occupied += uint32(jury);
    }

    function _freePlaces(Case storage self) internal {
        uint32 places = self.places;
        self.places = 0;
        _totals.occupied -= places;
        _minerDockets[self.minerId].occupied -= places;
    }

    /// @dev Those drawn so far leave a jury that isn't complete.
    function _undraw(Round storage current) internal {
        for (uint256 i = 0; current.seats[i] != 0; ++i) {
            --_seats[current.seats[i]].sitting;
            current.seats[i] = 0;
        }
    }

    /// @dev No draw that begins later finds a seat that is left.
    function _leave(Seat storage seat) internal returns (uint32 until) {
        // Until 2106
        until = uint32(block.timestamp) + _leaveDelay;
        seat.until = until;
        --_totals.seats;
    }

    function _takeStake(uint32 position, uint8 penalties) internal returns (uint256 lost) {
        Seat storage seat = _seats[position];
        lost = _stakeLeft(seat.penalties) - _stakeLeft(penalties);
        seat.penalties = penalties;
        if (seat.until == 0) emit ISeats.SeatLeft(position, seat.juror, _leave(seat));
        _accounts[seat.juror].unlock(lost, 0);
    }

    /// @dev Seats in juries before a round
    function _earlier(bytes32 caseId, uint256 round) internal view returns (uint256 number) {
        for (uint256 r = 0; r < round; ++r) number += _rounds[caseId][r].drawn();
    }

    function _placesOf(SeatTotals memory totals) internal view returns (uint256) {
        return uint256(totals.seats) * _casesPerSeat;
    }

    /// @dev What is left of a seat's stake. It may have paid penalties of more cases than it sits in now.
    function _stakeLeft(uint256 penalties) internal view returns (uint256) {
        uint256 lost = (penalties * _penaltyBps * _seatStake) / BPS;
        // Only penalties count it up, and nobody can be given one.
        // slither-disable-next-line incorrect-equality
        return penalties == ALL || lost > _seatStake ? 0 : _seatStake - lost;
    }

    /// @dev Seats' pay times the square of places / free places: those that juries wait for are not free, and those of
    /// the miner's own cases count ten times
    function _fee(uint256 seats, MinerId minerId) private view returns (uint256) {
        SeatTotals memory totals = _totals;
        uint256 places = _placesOf(totals);
        uint256 own = _minerDockets[minerId].occupied;
        uint256 taken = uint256(totals.occupied) + totals.queued + (OWN_WEIGHT - 1) * own;
        uint256 free = places > taken ? places - taken : 0;
        uint256 pay = seats * _seatFee;
        if (free * free * MOST_FEE_FACTOR <= places * places) return pay * MOST_FEE_FACTOR;
        return Math.ceilDiv(pay * places * places, free * free);
    }
}
