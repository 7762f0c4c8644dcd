// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMulticall} from "../../interfaces/IMulticall.sol";
import {Delegated} from "./Delegated.sol";

/// @title Several calls of one caller in one transaction
/// @dev Each is a delegatecall to the market itself: the caller stays the caller, and nothing is allowed that it could
/// not do one after the other.
abstract contract Multicall is Delegated, IMulticall {
    uint256 private constant GAS_EACH = 500_000;
    /// @dev Gas for what follows a call that was left out: its reason is copied and emitted
    uint256 private constant GAS_AFTER = 20_000;
    uint256 private constant MOST_REASON = 256;

    /// @inheritdoc IMulticall
    function multicall(
        bytes[] calldata calls
    ) external throughMarket returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            bool done;
            // To itself, with nothing but what the caller may do anyway
            // slither-disable-next-line controlled-delegatecall,delegatecall-loop
            (done, results[i]) = address(this).delegatecall(calls[i]);
            if (!done) _revertWith(results[i]);
        }
    }

    /// @inheritdoc IMulticall
    function multicallSkip(
        bytes[] calldata calls
    ) external throughMarket returns (bool[] memory done, bytes[] memory results) {
        done = new bool[](calls.length);
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes memory message = calls[i];
            // Of what is left, a call gets at most 63/64.
            uint256 needed = (GAS_EACH * 64) / 63 + GAS_AFTER;
            require(gasleft() >= needed, InsufficientGas(i, needed));
            (done[i], results[i]) = _try(message);
            if (!done[i]) emit CallSkipped(i, results[i]);
        }
    }

    /// @dev A call that gets `GAS_EACH` exactly, so that neither it nor the transaction's limit decides about the
    /// others; of what a failed one says, only the beginning is copied.
    function _try(bytes memory message) private returns (bool done, bytes memory result) {
        assembly ("memory-safe") {
            done := delegatecall(GAS_EACH, address(), add(message, 0x20), mload(message), 0, 0)
            let length := returndatasize()
            if and(iszero(done), gt(length, MOST_REASON)) {
                length := MOST_REASON
            }
            result := mload(0x40)
            mstore(result, length)
            returndatacopy(add(result, 0x20), 0, length)
            mstore(0x40, and(add(add(result, length), 0x3f), not(0x1f)))
        }
    }

    function _revertWith(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
