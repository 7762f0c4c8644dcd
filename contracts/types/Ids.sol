// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev Number of a miner, given at registration, from 1; 0: none
type MinerId is uint32;

/// @dev Number of a resource class, from 1
type ResourceId is uint32;

/// @dev Number of a Terms record, from 1
type TermsId is uint32;

MinerId constant NO_MINER = MinerId.wrap(0);

using {sameMiner as ==} for MinerId global;
using {isNone} for MinerId global;

function sameMiner(MinerId left, MinerId right) pure returns (bool) {
    return MinerId.unwrap(left) == MinerId.unwrap(right);
}

function isNone(MinerId id) pure returns (bool) {
    return MinerId.unwrap(id) == 0;
}
