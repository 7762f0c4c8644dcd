// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Answers every call as it was told: a price model, verifier or wallet gone wrong
/// @dev It has no ABI of its own roles, so that it can also give answers that no ABI would allow.
contract Puppet {
    bytes private _answer;
    bool private _failing;
    address private _target;
    bytes private _message;

    /// @notice Return `answer` from now on, or revert with it
    function instruct(bytes calldata answer, bool failing) external {
        _answer = answer;
        _failing = failing;
    }

    /// @notice Send `message` to `target` first, and fail if that fails
    function reenter(address target, bytes calldata message) external {
        _target = target;
        _message = message;
    }

    /// @notice Send `message` to `target` now, in its own name
    function send(address target, bytes calldata message) external {
        _send(target, message);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        if (_target != address(0)) _send(_target, _message);
        bytes memory answer = _answer;
        if (!_failing) return answer;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function _send(address target, bytes memory message) private {
        (bool done, bytes memory answer) = target.call(message);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
