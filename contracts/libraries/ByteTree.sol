// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LeafProof} from "../types/StorageDeal.sol";

/// @title Merkle tree over the bytes of a file
/// @notice Leaves are 1,024 bytes each; the last one is what is left, without padding. A leaf's hash is
/// keccak256(0x00 || bytes), a node's keccak256(0x01 || left || right). A node without a neighbour moves up as it is.
/// So a root and a size have one file: prefixes keep leaves from nodes, the size says where each leaf is and how long.
library ByteTree {
    uint256 internal constant LEAF = 1_024;

    function leavesOf(uint64 size) internal pure returns (uint256) {
        return (uint256(size) + LEAF - 1) / LEAF;
    }

    /// @notice Bytes of a leaf, which must be there
    function lengthOf(uint64 size, uint256 index) internal pure returns (uint256) {
        uint256 left = size - index * LEAF;
        return left < LEAF ? left : LEAF;
    }

    /// @notice Whether the bytes are the leaf of a file with this root and size
    function holds(
        bytes32 root,
        uint64 size,
        uint256 index,
        LeafProof calldata proof
    ) internal pure returns (bool) {
        if (proof.data.length != lengthOf(size, index)) return false;
        (bytes32 reached, bool complete) = _climb(
            _leafHash(proof.data),
            index,
            leavesOf(size) - 1,
            proof.path
        );
        return complete && reached == root;
    }

    /// @dev Hashed as it came, behind a zero byte
    function _leafHash(bytes calldata data) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore8(start, 0x00)
            calldatacopy(add(start, 1), data.offset, data.length)
            hash := keccak256(start, add(data.length, 1))
        }
    }

    /// @dev Nodes are hashed in the scratch space, whose last byte is the free pointer's first, which is put back.
    /// @param index Of the node on its level
    /// @param last Index of the last node there
    /// @return reached The hash at the top
    /// @return complete Whether the path has as many hashes as there are neighbours
    function _climb(
        bytes32 hash,
        uint256 index,
        uint256 last,
        bytes32[] calldata path
    ) private pure returns (bytes32 reached, bool complete) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let beside := path.offset
            let end := add(beside, shl(5, path.length))
            mstore8(0x00, 0x01)
            for {} last {} {
                let odd := and(index, 1)
                if or(odd, xor(index, last)) {
                    if eq(beside, end) {
                        end := 0
                        break
                    }
                    mstore(add(0x01, shl(5, odd)), hash)
                    mstore(add(0x01, shl(5, iszero(odd))), calldataload(beside))
                    hash := keccak256(0x00, 0x41)
                    beside := add(beside, 0x20)
                }
                index := shr(1, index)
                last := shr(1, last)
            }
            mstore(0x40, free)
            complete := eq(beside, end)
            reached := hash
        }
    }
}
