// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IIdentityVerifier} from "../../interfaces/IIdentityVerifier.sol";
import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {MinerId} from "../types/Ids.sol";

/// @title Asking a verifier that may be broken
/// @dev Its gas is bounded, and anything but a plain yes is a no: it can refuse whom it is asked about, no more. It has
/// all of its gas or is not asked, since one that catches a lack of gas might then say yes.
library Identities {
    uint256 private constant GAS = 100_000;
    /// @dev The call itself takes up to 2,600, and a call passes on at most 63/64 of what is left.
    uint256 private constant GAS_TO_ASK = 105_000;
    bytes4 private constant OF_MINER = bytes4(keccak256("isVerified(uint32,uint32)"));
    bytes4 private constant OF_ACCOUNT = bytes4(keccak256("isVerified(address)"));

    function requireMiner(IIdentityVerifier verifier, MinerId id, uint32 tenure) internal view {
        bool verified = _answersYes(verifier, abi.encodeWithSelector(OF_MINER, id, tenure));
        require(verified, IRequestBook.MinerNotVerified(id, tenure));
    }

    function requireRequester(IIdentityVerifier verifier, address requester) internal view {
        bool verified = _answersYes(verifier, abi.encodeWithSelector(OF_ACCOUNT, requester));
        require(verified, IRequestBook.RequesterNotVerified(requester));
    }

    function _answersYes(
        IIdentityVerifier verifier,
        bytes memory question
    ) private view returns (bool yes) {
        if (gasleft() < GAS_TO_ASK) return false;
        assembly ("memory-safe") {
            let done := staticcall(GAS, verifier, add(question, 0x20), mload(question), 0, 0x20)
            yes := and(and(done, gt(returndatasize(), 0x1f)), eq(mload(0), 1))
        }
    }
}
