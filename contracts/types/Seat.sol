// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice A juror's seat. One slot.
struct Seat {
    /// Zero: nobody's
    address juror;
    /// From when on it can be drawn, in seconds since 1970. Of a seat that is nobody's: the next such position.
    uint32 since;
    /// When its stake may go, in seconds since 1970; 0: it stays
    uint32 until;
    /// Cases that it sits in
    uint16 sitting;
    /// Penalties that its stake has paid; 255: all of it is lost
    uint8 penalties;
}

/// @notice All seats of a court. One slot.
struct SeatTotals {
    /// Positions ever given, numbered from 1
    uint32 positions;
    /// Seats that stay
    uint32 seats;
    /// Places of seats in cases that are taken or kept for a draw
    uint32 occupied;
    /// A position that is nobody's, to be taken next; 0: none
    uint32 vacant;
    /// Places that juries wait for
    uint32 queued;
}

/// @notice What the cases of one miner take. One slot.
struct MinerDocket {
    /// Places of seats taken by cases against it
    uint32 occupied;
    /// Challenges ever filed against its deals
    uint32 filed;
}
