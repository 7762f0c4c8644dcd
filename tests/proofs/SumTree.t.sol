// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IResultTree} from "../../interfaces/IResultTree.sol";
import {ResultTree} from "../../contracts/libraries/ResultTree.sol";

/// @title What Halmos proves of the sum tree, for all hashes and units
/// @dev Keccak-256 is taken for a function without collisions. `open` is called from outside for its calldata path.
contract SumTreeTest {
    /// Two openings of one root, of whatever leaf, give one total: a root commits to its units.
    function check_oneRootOneTotal(
        bytes32 root,
        uint32 tasks,
        IResultTree.Leaf memory one,
        IResultTree.Leaf memory other,
        IResultTree.Sibling[2] memory pathOne,
        IResultTree.Sibling[2] memory pathOther
    ) external view {
        if (tasks < 3 || tasks > 4 || one.index >= tasks || other.index >= tasks) return;
        (bool reached, uint64 total) = this.open(root, tasks, one, _list(pathOne));
        (bool reachedToo, uint64 totalToo) = this.open(root, tasks, other, _list(pathOther));
        if (reached && reachedToo) assert(total == totalToo);
    }

    /// Two openings of one place have one leaf: nobody can show another result for a task.
    function check_onePlaceOneLeaf(
        bytes32 root,
        uint32 tasks,
        IResultTree.Leaf memory one,
        IResultTree.Leaf memory other,
        IResultTree.Sibling[2] memory pathOne,
        IResultTree.Sibling[2] memory pathOther
    ) external view {
        if (tasks < 3 || tasks > 4 || one.index >= tasks || one.index != other.index) return;
        (bool reached, ) = this.open(root, tasks, one, _list(pathOne));
        (bool reachedToo, ) = this.open(root, tasks, other, _list(pathOther));
        if (reached && reachedToo) {
            assert(one.outcome == other.outcome);
            assert(one.digest == other.digest);
            assert(one.units == other.units);
        }
    }

    /// A total is at least what any two tasks used: no unit is hidden, no sum overflows.
    function check_totalHoldsAllUnits(
        bytes32 root,
        uint32 tasks,
        IResultTree.Leaf memory one,
        IResultTree.Leaf memory other,
        IResultTree.Sibling[2] memory pathOne,
        IResultTree.Sibling[2] memory pathOther
    ) external view {
        if (tasks < 3 || tasks > 4 || one.index >= other.index || other.index >= tasks) return;
        (bool reached, uint64 total) = this.open(root, tasks, one, _list(pathOne));
        (bool reachedToo, ) = this.open(root, tasks, other, _list(pathOther));
        if (reached && reachedToo) assert(total >= uint256(one.units) + other.units);
    }

    /// Whoever builds the tree as defined can open each leaf, with the sum of all units as the total.
    function check_everyLeafOpens(
        uint8[4] memory outcomes,
        bytes32[4] memory digests,
        uint64[4] memory units
    ) external view {
        uint256 sum = uint256(units[0]) + units[1] + units[2] + units[3];
        if (sum > type(uint64).max) return;
        IResultTree.Leaf[4] memory leaves;
        for (uint32 i = 0; i < 4; ++i) {
            leaves[i] = IResultTree.Leaf(i, outcomes[i], digests[i], units[i]);
        }
        for (uint32 i = 0; i < 4; ++i) {
            (bytes32 root, IResultTree.Sibling[] memory path) = _pathTo(leaves, i);
            (bool reached, uint64 total) = this.open(root, 4, leaves[i], path);
            assert(reached && total == sum);
        }
    }

    function open(
        bytes32 root,
        uint32 tasks,
        IResultTree.Leaf memory leaf,
        IResultTree.Sibling[] calldata path
    ) external pure returns (bool, uint64) {
        return ResultTree.open(root, tasks, leaf, path);
    }

    function _pathTo(
        IResultTree.Leaf[4] memory leaves,
        uint32 index
    ) private pure returns (bytes32 root, IResultTree.Sibling[] memory path) {
        (bytes32 left, uint64 leftSum) = _pair(leaves[0], leaves[1]);
        (bytes32 right, uint64 rightSum) = _pair(leaves[2], leaves[3]);
        root = ResultTree.nodeHash(left, leftSum, right, rightSum);
        IResultTree.Leaf memory near = leaves[index ^ 1];
        path = new IResultTree.Sibling[](2);
        path[0] = IResultTree.Sibling(ResultTree.leafHash(near), near.units);
        path[1] =
            index < 2 ? IResultTree.Sibling(right, rightSum) : IResultTree.Sibling(left, leftSum);
    }

    function _pair(
        IResultTree.Leaf memory one,
        IResultTree.Leaf memory other
    ) private pure returns (bytes32, uint64) {
        return (
            ResultTree.nodeHash(
                ResultTree.leafHash(one),
                one.units,
                ResultTree.leafHash(other),
                other.units
            ),
            one.units + other.units
        );
    }

    function _list(
        IResultTree.Sibling[2] memory path
    ) private pure returns (IResultTree.Sibling[] memory list) {
        list = new IResultTree.Sibling[](2);
        (list[0], list[1]) = (path[0], path[1]);
    }
}
