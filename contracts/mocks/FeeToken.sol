// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LocalToken} from "./LocalToken.sol";

/// @title A token that delivers another amount than it was asked to
contract FeeToken is LocalToken {
    int256 private _feeBps;

    constructor() LocalToken(18) {}

    /// @notice Take a fee of each transfer from now on, in basis points; a negative one adds to it
    function setFee(int256 feeBps) external {
        _feeBps = feeBps;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from == address(0) || to == address(0)) return;
        if (_feeBps > 0) super._update(to, address(0), (amount * uint256(_feeBps)) / 10_000);
        if (_feeBps < 0) super._update(address(0), to, (amount * uint256(-_feeBps)) / 10_000);
    }
}
