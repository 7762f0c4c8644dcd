// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Ownership that moves in two steps, with OpenZeppelin's names (Ownable2Step)
interface IOwnership {
    error OwnableUnauthorizedAccount(address account);
    error OwnableInvalidOwner(address owner);

    event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @notice Who governs; zero: nobody any more
    function owner() external view returns (address);

    /// @notice Who may accept the ownership; zero: nobody
    function pendingOwner() external view returns (address);

    /// @notice Offer the ownership to `newOwner`, in place of whom it was offered to before (owner)
    /// @dev Reverts: OwnableUnauthorizedAccount. Emits OwnershipTransferStarted.
    function transferOwnership(address newOwner) external;

    /// @notice Take the ownership that was offered to the caller
    /// @dev Reverts: OwnableUnauthorizedAccount. Emits OwnershipTransferred.
    function acceptOwnership() external;

    /// @notice Give the ownership up, for ever (owner)
    /// @dev Reverts: OwnableUnauthorizedAccount. Emits OwnershipTransferred.
    function renounceOwnership() external;
}
