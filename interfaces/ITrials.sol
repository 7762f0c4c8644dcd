// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Trial} from "../contracts/types/Deal.sol";
import {MinerId} from "../contracts/types/Ids.sol";
import {Request} from "../contracts/types/Request.sol";

/// @title What the court of a deal's terms may do with a submitted result
/// @notice The court counts its cases; the market knows whether a deal is frozen. It stays so until window +
/// verdictBy at the latest: then anyone settles it, for what is claimed, or for what `setDue` left of it.
interface ITrials {
    /// @notice Only the court named by the deal's terms may do this
    error NotCourt(address caller, address court);
    /// @notice The court is at another point with this result
    error WrongTrial(bytes32 id, Trial trial);
    /// @notice The terms let a court slash `most` at most
    error SlashAboveTerms(uint16 slashBps, uint16 most);

    /// @notice What the court has to do with a result changed, or its deal ended while frozen
    event TrialChanged(bytes32 indexed id, MinerId indexed minerId, Trial trial);
    event DueSet(bytes32 indexed id, MinerId indexed minerId, uint64 unitsDue);
    /// @notice A verdict took something away: paid + fee + refunded = what was locked
    event RequestOverturned(
        bytes32 indexed id,
        MinerId indexed minerId,
        uint64 unitsDue,
        uint256 paid,
        uint256 fee,
        uint256 refunded
    );

    /// @notice Keep a result from being settled, as when it is challenged; by the court, within the window
    /// @dev Requires a submitted result, and trial None. Reverts: WrongState, NotCourt, WrongTrial, DeadlinePassed.
    /// Emits TrialChanged(Frozen).
    function freeze(Request calldata request) external;

    /// @notice Let a result go on without a verdict; by the court, until its time is up
    /// @dev Requires a frozen result. What was set as due stays; a noted reveal does not, so that the requester may
    /// accept again, and the court freeze again within the window. Reverts: WrongState, NotCourt, WrongTrial,
    /// DeadlinePassed. Emits TrialChanged(None).
    function thaw(Request calldata request) external;

    /// @notice The requester can't accept any more, since jurors have revealed; by the court, until its time is up
    /// @dev Requires trial Frozen. Reverts: WrongState, NotCourt, WrongTrial, DeadlinePassed. Emits
    /// TrialChanged(Revealed).
    function noteReveal(Request calldata request) external;

    /// @notice Say what shall be paid if there is no verdict in time; by the court, until its time is up
    /// @dev Requires a frozen result. Reverts: WrongState, NotCourt, WrongTrial, DeadlinePassed, UnitsAboveDeal.
    /// Emits DueSet.
    /// @param unitsDue At most what the result claims
    function setDue(Request calldata request, uint64 unitsDue) external;

    /// @notice End the deal: pay for `unitsDue`, refund the rest, slash a share; by the court, until its time is up
    /// @dev Requires a frozen result. Reverts: WrongState, NotCourt, WrongTrial, DeadlinePassed, UnitsAboveDeal,
    /// SlashAboveTerms, InsufficientStake. Emits TrialChanged(Decided) and RequestSettled if the result stands, else StakeSlashed (if
    /// `slashBps` is not 0) and RequestOverturned.
    /// @param unitsDue At most what the result claims
    /// @param slashBps Share of the collateral, at most the terms' `overturnBps`
    /// @return received What of it the court's account was credited with, in base units
    function resolve(
        Request calldata request,
        uint64 unitsDue,
        uint16 slashBps
    ) external returns (uint256 received);
}
