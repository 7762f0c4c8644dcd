// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IResultTree} from "../../interfaces/IResultTree.sol";
import {ResultTree} from "../libraries/ResultTree.sol";

/// @title The library's functions, callable from outside by the tests
contract ResultTreeHarness is IResultTree {
    function leafHash(Leaf calldata leaf) external pure returns (bytes32) {
        return ResultTree.leafHash(leaf);
    }

    function nodeHash(
        bytes32 left,
        uint64 leftSum,
        bytes32 right,
        uint64 rightSum
    ) external pure returns (bytes32) {
        return ResultTree.nodeHash(left, leftSum, right, rightSum);
    }

    function depthOf(uint32 tasks) external pure returns (uint256) {
        return ResultTree.depthOf(tasks);
    }

    function open(
        bytes32 root,
        uint32 tasks,
        Leaf calldata leaf,
        Sibling[] calldata path
    ) external pure returns (bool reached, uint64 total) {
        return ResultTree.open(root, tasks, leaf, path);
    }

    function verify(
        bytes32 root,
        uint64 unitsUsed,
        uint32 tasks,
        Leaf calldata leaf,
        Sibling[] calldata path
    ) external pure returns (bool) {
        return ResultTree.verify(root, unitsUsed, tasks, leaf, path);
    }
}
