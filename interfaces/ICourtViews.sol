// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {CaseStatus, Docket} from "../contracts/types/Case.sol";
import {CourtRules} from "../contracts/types/CourtRules.sol";
import {MinerId} from "../contracts/types/Ids.sol";
import {MinerDocket, Seat, SeatTotals} from "../contracts/types/Seat.sol";

/// @title What can be read of a court
interface ICourtViews {
    /// @notice The market whose deals it judges; fixed at deployment
    function market() external view returns (address);

    /// @notice All parameters; fixed at deployment
    function rules() external view returns (CourtRules memory);

    /// @notice What it can judge now
    /// @return value Most that may be at stake in a deal, in base units: its payment and its collateral
    /// @return places That first juries may take now
    function capacity() external view returns (uint256 value, uint32 places);

    /// @notice What a challenge costs now that is lost, in base units: bond and fee
    /// @param number Of the filer's challenges of the deal, from 0
    /// @param seats Of the jury
    function depositOf(uint8 number, uint8 seats, MinerId minerId) external view returns (uint256);

    /// @notice What an appeal costs now that is lost, in base units
    function appealDepositOf(MinerId minerId) external view returns (uint256);

    /// @notice Seats of the jury that first judges a deal with so much at stake, in base units
    function juryOf(uint256 value) external view returns (uint8 seats);

    function caseIdOf(
        bytes32 requestId,
        address filer,
        uint8 number
    ) external pure returns (bytes32);

    function caseOf(bytes32 caseId) external view returns (CaseStatus memory);

    /// @notice Positions of the seats drawn in a round of a case
    function seatsOf(bytes32 caseId, uint8 round) external view returns (uint32[] memory);

    /// @notice A commitment (lowest bit 0), a revealed vote (lowest bit 1: 128 bits of the leaf's hash, 127 of the
    /// trace), or 0
    function voteOf(
        bytes32 caseId,
        uint8 round,
        bool second,
        uint256 index
    ) external view returns (bytes32);

    /// @notice What the trace of the present ballot depends on; known from Voting on
    function nonceOf(bytes32 caseId) external view returns (bytes32);

    /// @notice What the court keeps of a deal, by its request's id
    function docketOf(bytes32 requestId) external view returns (Docket memory);

    /// @notice What the cases against a miner take
    function minerDocketOf(MinerId minerId) external view returns (MinerDocket memory);

    /// @notice A seat, by its position
    function seatOf(uint32 position) external view returns (Seat memory);

    function seatTotals() external view returns (SeatTotals memory);
}
