// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Result tree: what a leaf and a path are made of, and what is wrong with a path that has no meaning
/// @notice A result is the root of a Merkle sum tree over a deal's tasks. Fixed by the number of tasks:
/// a leaf's position is its task's index, and the depth is the bit length of `tasks - 1`
/// (0 for one task). Positions from `tasks` on are padding.
///
/// - leaf:    keccak256(0x00 ‖ uint32 index ‖ uint8 outcome ‖ bytes32 digest ‖ uint64 units), its sum is `units`
/// - node:    keccak256(0x01 ‖ bytes32 left ‖ uint64 leftSum ‖ bytes32 right ‖ uint64 rightSum), its sum is
///            leftSum + rightSum, which must fit uint64
/// - padding: any subtree that holds no task has hash 0 and sum 0
///
/// Integers are big-endian. The root is the hash at the top; it binds the total, because the preimage of
/// the top holds the units (one task) or both sums (more).
interface IResultTree {
    /// @notice What a miner claims of one task.
    struct Leaf {
        /// @dev position of the task in its deal, from 0
        uint32 index;
        /// @dev how the task ended, as numbered by the manifest's runtime
        uint8 outcome;
        /// @dev sha2-256 of the task's salted output record
        bytes32 digest;
        /// @dev units metered, as billed
        uint64 units;
    }

    /// @notice The other child on the way up; leaves first.
    struct Sibling {
        bytes32 hash;
        uint64 sum;
    }

    /// @notice The deal has no task of this index.
    error TaskOutOfRange(uint32 index, uint32 tasks);

    /// @notice A path in a tree of this many tasks has `depth` siblings.
    error WrongPathLength(uint256 length, uint256 depth);
}
