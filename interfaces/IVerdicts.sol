// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Request} from "../contracts/types/Request.sol";

/// @title What is due by time, and what ends a case and a deal
interface IVerdicts {
    /// @notice Do what is due in a case; by anybody
    /// @dev Seats a case that waited; ends a phase whose time is over, at the cost of who did not act; closes a case
    /// that is decided, or whose deal has ended; with the last one, does what `finish` does if it is time. Reverts:
    /// ForeignRequest, WrongPhase, NoStepDue. Emits CaseAdvanced, VotesCounted, JurorAssessed, SeatPenalized,
    /// DepositsDivided, FilingReopened, DealFinished, RewardPaid.
    function advance(Request calldata request, bytes32 caseId) external;

    /// @notice Let a deal whose cases are closed go on, or end it, once filing is over; by anybody
    /// @dev A deal with a wrong leaf also in the last `step` of the court's time, with what is decided by then. Reverts:
    /// NothingFrozen, FilingOpen. Emits DealFinished.
    function finish(Request calldata request) external;

    /// @notice Pay a filer what it is owed for jurors and its reward; by anybody
    /// @dev Once the deal is finished. Reverts: NothingToCollect. Emits RewardPaid.
    function collect(bytes32 requestId, bytes32 caseId) external;
}
