// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ISeats} from "../../interfaces/ISeats.sol";
import {Seat} from "../types/Seat.sol";
import {Places} from "./Places.sol";

/// @title Jurors' seats
abstract contract Seats is Places, ISeats {
    /// @inheritdoc ISeats
    function join() external returns (uint32 position) {
        _accounts[msg.sender].lock(msg.sender, _seatStake);
        position = _totals.vacant;
        // Zero is none, however it came there.
        // slither-disable-next-line incorrect-equality
        if (position == 0) position = ++_totals.positions;
        else _totals.vacant = _seats[position].since;
        ++_totals.seats;
        // Until 2106
        uint32 since = uint32(block.timestamp) + _joinDelay;
        _seats[position] = Seat(msg.sender, since, 0, 0, 0);
        emit SeatTaken(position, msg.sender, since);
    }

    /// @inheritdoc ISeats
    function leave(uint32 position) external {
        Seat storage seat = _seatHeld(position);
        require(seat.until == 0, LeavingAlready(position, seat.until));
        emit SeatLeft(position, msg.sender, _leave(seat));
    }

    /// @inheritdoc ISeats
    function vacate(uint32 position) external {
        Seat memory seat = _seats[position];
        // Only draws and closed cases change how many it sits in.
        // slither-disable-next-line incorrect-equality
        require(
            seat.until != 0 && block.timestamp >= seat.until && seat.sitting == 0,
            StillSeated(position, seat.until, seat.sitting)
        );
        uint256 left = _stakeLeft(seat.penalties);
        // A position that is nobody's keeps the next such one
        _seats[position] = Seat(address(0), _totals.vacant, 0, 0, 0);
        _totals.vacant = position;
        _accounts[seat.juror].unlock(left, left);
        emit SeatVacated(position, seat.juror, left);
    }

    function _seatHeld(uint32 position) private view returns (Seat storage seat) {
        seat = _seats[position];
        require(msg.sender == seat.juror, NotSeatHolder(msg.sender, position));
    }
}
