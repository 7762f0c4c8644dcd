// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LocalToken} from "./LocalToken.sol";

/// @title A token that moves nothing from or to a blocked account
contract BlocklistToken is LocalToken {
    error Blocked(address account);

    mapping(address account => bool) private _blocked;

    constructor() LocalToken(6) {}

    function setBlocked(address account, bool blocked) external {
        _blocked[account] = blocked;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!_blocked[from], Blocked(from));
        require(!_blocked[to], Blocked(to));
        super._update(from, to, amount);
    }
}
