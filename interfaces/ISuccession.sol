// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MinerId} from "../contracts/types/Ids.sol";

/// @title Who receives a miner's money, and who acts for it
interface ISuccession {
    /// @notice Only the miner's payout address may do this
    error NotPayout(address caller, address payout);
    /// @notice Only the successor named by the payout may do this
    error NotSuccessor(address caller, address successor);

    event PayoutChanged(MinerId indexed minerId, address payout);
    event SuccessorNamed(MinerId indexed minerId, address successor);
    /// @notice The miner acts from another address now; deals, stake and counters stay with its number
    event MinerSucceeded(MinerId indexed minerId, address indexed miner);

    /// @notice Name another payout address; by the present one. A successor it had named is void.
    /// @dev Reverts: NotRegistered, NotPayout, ZeroAddress, InvalidRecipient. Emits PayoutChanged.
    function setPayout(address miner, address payout) external;

    /// @notice Name the address that shall act for a miner, as when its key was lost or stolen; by its payout
    /// @dev Reverts: NotRegistered, NotPayout. Emits SuccessorNamed.
    /// @param successor Zero: nobody
    function nameSuccessor(address miner, address successor) external;

    /// @notice Take the place of a miner's own address; by the successor that its payout named
    /// @dev Requests that name the miner's number stay its own. Its tenure goes up. The old address may register anew, as
    /// another miner. Reverts: NotRegistered, NotSuccessor, AlreadyRegistered. Emits MinerSucceeded.
    function succeed(address miner) external;
}
