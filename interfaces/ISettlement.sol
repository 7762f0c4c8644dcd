// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {State} from "../contracts/types/Deal.sol";
import {MinerId} from "../contracts/types/Ids.sol";
import {Request} from "../contracts/types/Request.sol";

/// @title Deals from confirmation to their end
/// @notice Amounts are in base units. For each deal: paid + fee + refunded = what was locked.
interface ISettlement {
    /// @notice The caller is not the deal's miner (nor its requester, where either may call)
    error NotDealMiner(address caller);
    error NoRoot();
    /// @notice Another result was submitted than the one to be accepted
    error ResultMismatch(bytes32 root, uint64 unitsUsed);
    error UnitsAboveDeal(uint64 unitsUsed, uint64 units);
    error DeadlinePassed(uint40 deadline);
    error DeadlineNotPassed(uint40 deadline);

    event ResultSubmitted(
        bytes32 indexed id,
        MinerId indexed minerId,
        bytes32 root,
        uint64 unitsUsed
    );
    event RequestSettled(
        bytes32 indexed id,
        MinerId indexed minerId,
        uint256 paid,
        uint256 fee,
        uint256 refunded
    );
    /// @notice `settleMany` left this request alone: it was in a state that can't be settled
    event SettlementSkipped(bytes32 indexed id, State state);
    /// @notice The miner gave the deal back, and was slashed for it
    event RequestReleased(bytes32 indexed id, MinerId indexed minerId, uint256 refunded);
    /// @notice The deal ended for nothing: nobody was paid or slashed
    event RequestAnnulled(bytes32 indexed id, MinerId indexed minerId, uint256 refunded);
    event RequestDefaulted(bytes32 indexed id, MinerId indexed minerId, uint256 refunded);
    /// @notice A miner lost collateral: compensation to the requester, the court's share, the rest to the reward pool
    event StakeSlashed(
        bytes32 indexed id,
        MinerId indexed minerId,
        uint256 compensation,
        uint256 courtShare,
        uint256 poolShare
    );

    /// @notice Give a deal back until its deadline, for a small share of its collateral; by its miner
    /// @dev Reverts: WrongState, NotDealMiner, DeadlinePassed, InsufficientStake. Emits StakeSlashed,
    /// RequestReleased.
    function release(Request calldata request) external;

    /// @notice End a confirmed deal for nothing; by one party, with the other's signature of Release(request id)
    /// @dev Reverts: WrongState, NotDealMiner, InvalidSignature. Emits RequestAnnulled.
    function releaseByAgreement(Request calldata request, bytes calldata signature) external;

    /// @notice Claim a result, by its miner, not after the deadline. Opens the challenge window.
    /// @dev Reverts: WrongState, NotDealMiner, NoRoot, UnitsAboveDeal, DeadlinePassed. Emits ResultSubmitted.
    /// @param root Root of the result's Merkle sum tree
    /// @param unitsUsed The tree's sum
    function submitResult(Request calldata request, bytes32 root, uint64 unitsUsed) external;

    /// @notice Settle a submitted result at once, challenged or not, until jurors have revealed; by the requester
    /// @dev Reverts: NotRequester, WrongState, ResultMismatch, WrongTrial. Emits TrialChanged, RequestSettled.
    /// @param root The result it saw: after a reorganization another one may stand here
    /// @param unitsUsed Its units
    function acceptResult(Request calldata request, bytes32 root, uint64 unitsUsed) external;

    /// @notice Claim a result and settle it with the requester's signature of Acceptance(request id, root,
    /// unitsUsed); by its miner, even after the deadline as long as nobody claimed the default
    /// @dev The result is not stored: it stands in the calldata. Reverts: WrongState, NotDealMiner, NoRoot,
    /// UnitsAboveDeal, InvalidSignature. Emits RequestSettled.
    function submitAccepted(
        Request calldata request,
        bytes32 root,
        uint64 unitsUsed,
        bytes calldata signature
    ) external;

    /// @notice Settle a submitted result after its window, or, if it is frozen, after its court's time; by anyone
    /// @dev A silent court is no reason not to pay: what it has not set as not due is paid. Reverts: WrongState,
    /// DeadlineNotPassed. Emits TrialChanged, RequestSettled.
    function settle(Request calldata request) external;

    /// @notice `settle` all that can be, and say which could not
    /// @dev Emits SettlementSkipped, TrialChanged, RequestSettled.
    function settleMany(Request[] calldata requests) external;

    /// @notice End a deal whose deadline passed without a result; by anyone
    /// @dev Reverts: WrongState, DeadlineNotPassed, InsufficientStake. Emits StakeSlashed, RequestDefaulted.
    function claimDefault(Request calldata request) external;
}
