// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LocalToken} from "./LocalToken.sol";

/// @title A token that calls somebody in the middle of its next transfer
contract HookedToken is LocalToken {
    event HookCalled(bool succeeded, bytes result);

    address private _target;
    bytes private _data;

    constructor() LocalToken(18) {}

    /// @notice Call `target` in the next transfer, before anything has moved
    function setHook(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 amount) internal override {
        address target = _target;
        if (target != address(0) && from != address(0)) {
            delete _target;
            (bool succeeded, bytes memory result) = target.call(_data);
            emit HookCalled(succeeded, result);
        }
        super._update(from, to, amount);
    }
}
