// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {Balances} from "../market/Balances.sol";
import {Escrow} from "../market/Escrow.sol";

/// @title An escrow whose books anybody may change: what other contracts than the market could do to it
contract EscrowHarness is Escrow {
    constructor(IERC20Metadata token) Balances(token) {}

    function credit(address account, uint256 amount) external {
        _accounts[account].credit(amount);
    }

    function debit(address account, uint256 amount) external {
        _accounts[account].debit(account, amount);
    }

    function lock(address account, uint256 amount) external {
        _accounts[account].lock(account, amount);
    }

    function unlock(address account, uint256 locked, uint256 returned) external {
        _accounts[account].unlock(locked, returned);
    }
}
