// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Jurors' seats
/// @notice A seat has a position, for good, and a fixed stake. Who leaves a position leaves it empty until somebody
/// else takes it: nobody is ever moved, so that nobody can move others into a jury.
interface ISeats {
    /// @notice The position is somebody else's, or nobody's
    error NotSeatHolder(address caller, uint32 position);
    /// @notice The seat is being left already
    error LeavingAlready(uint32 position, uint32 until);
    /// @notice The seat's stake stays until then, and as long as it sits in cases; 0: it was not left, or is nobody's
    error StillSeated(uint32 position, uint32 until, uint16 sitting);

    event SeatTaken(uint32 indexed position, address indexed juror, uint32 since);
    /// @notice No draw that begins later finds it, and from `until` on its stake may go
    event SeatLeft(uint32 indexed position, address indexed juror, uint32 until);
    event SeatVacated(uint32 indexed position, address indexed juror, uint256 returned);
    /// @notice A seat paid for an absence, a vote against the verdict, or a reversed one; the sink received it
    event SeatPenalized(uint32 indexed position, address indexed juror, uint256 amount);

    /// @notice Take a seat; its stake is locked in the caller's account
    /// @dev It can be drawn from `joinDelay` on. Reverts: InsufficientAvailable. Emits SeatTaken.
    /// @return position The seat's number, from 1
    function join() external returns (uint32 position);

    /// @notice Leave a seat; by its juror. What it is drawn for already it still has to judge
    /// @dev Reverts: NotSeatHolder, LeavingAlready. Emits SeatLeft.
    function leave(uint32 position) external;

    /// @notice Free what is left of the stake of a seat that was left, for its juror; by anybody
    /// @dev From `until` on, when no case needs it. Reverts: StillSeated. Emits SeatVacated.
    function vacate(uint32 position) external;
}
