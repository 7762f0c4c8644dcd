// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IResultTree} from "../../interfaces/IResultTree.sol";

/// @title Merkle sum tree over the tasks of a deal
/// @notice The encoding is defined in `IResultTree`.
/// @dev Three answers are kept apart, since they mean different things in a dispute:
///
/// - It reverts: the path has no meaning for this deal (index or length). Nobody's fault is shown.
/// - Not reached: the path does not lead to the root. It shows nothing, as anybody can make such a path. A court
///   must give it no effect; a miner that shows no better one by its deadline loses by the deadline.
/// - Reached with a total other than `unitsUsed`: whoever presents it, only the miner's own root can
///   have made it possible. It proves the claim false at once.
///
/// A miner can not hide units: an inner sum that is not the sum of its children leaves every task
/// below without a path; units in the padding leave the last task without one, since its path meets
/// all of the padding and padding has to be zero. An overflowing path never reaches.
library ResultTree {
    function leafHash(IResultTree.Leaf memory leaf) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(bytes1(0x00), leaf.index, leaf.outcome, leaf.digest, leaf.units)
            );
    }

    function nodeHash(
        bytes32 left,
        uint64 leftSum,
        bytes32 right,
        uint64 rightSum
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, leftSum, right, rightSum));
    }

    /// @notice Siblings in a path of a tree of `tasks` leaves: the bit length of `tasks - 1`.
    function depthOf(uint32 tasks) internal pure returns (uint256 depth) {
        for (uint256 last = uint256(tasks) - 1; last != 0; last >>= 1) ++depth;
    }

    /// @notice Follows `path` from `leaf` upwards.
    /// @return reached whether it ends in `root`
    /// @return total units of all tasks that `root` commits to, 0 unless reached
    function open(
        bytes32 root,
        uint32 tasks,
        IResultTree.Leaf memory leaf,
        IResultTree.Sibling[] calldata path
    ) internal pure returns (bool reached, uint64 total) {
        require(leaf.index < tasks, IResultTree.TaskOutOfRange(leaf.index, tasks));
        uint256 depth = depthOf(tasks);
        require(path.length == depth, IResultTree.WrongPathLength(path.length, depth));

        bytes32 hash = leafHash(leaf);
        uint64 sum = leaf.units;
        // Position of our subtree, and of the last one that holds a task, among those of its level.
        uint256 position = leaf.index;
        uint256 last = tasks - 1;
        for (uint256 level = 0; level < depth; ++level) {
            IResultTree.Sibling calldata sibling = path[level];
            // The other one of two: no power
            // slither-disable-next-line incorrect-exp
            if ((position ^ 1) > last && (sibling.hash != 0 || sibling.sum != 0)) return (false, 0);
            if (sibling.sum > type(uint64).max - sum) return (false, 0);
            hash =
                position & 1 == 0
                    ? nodeHash(hash, sum, sibling.hash, sibling.sum)
                    : nodeHash(sibling.hash, sibling.sum, hash, sum);
            sum += sibling.sum;
            position >>= 1;
            last >>= 1;
        }
        return hash == root ? (true, sum) : (false, 0);
    }

    /// @notice Whether `path` leads from `leaf` to `root` and sums to `unitsUsed`.
    function verify(
        bytes32 root,
        uint64 unitsUsed,
        uint32 tasks,
        IResultTree.Leaf memory leaf,
        IResultTree.Sibling[] calldata path
    ) internal pure returns (bool) {
        (bool reached, uint64 total) = open(root, tasks, leaf, path);
        return reached && total == unitsUsed;
    }
}
