// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Account} from "../types/Account.sol";
import {Scale, ScaleLibrary} from "../types/Scale.sol";

/// @title Accounts in one settlement token, without doors
/// @dev `Escrow` has the doors: it takes no deposit with which it would hold more than 2^112 - 1, so that every sum
/// of balances fits in a uint112.
abstract contract Balances is ReentrancyGuard {
    address internal immutable _token;
    Scale internal immutable _scale;

    mapping(address owner => Account) internal _accounts;

    constructor(IERC20Metadata token_) {
        uint8 decimals = token_.decimals();
        require(decimals >= 6 && decimals <= 24, IEscrow.UnsupportedDecimals(decimals));
        _token = address(token_);
        _scale = ScaleLibrary.ofDecimals(decimals);
    }

    function _requireNotZero(uint256 amount) internal pure {
        require(amount != 0, IEscrow.ZeroAmount());
    }

    function _requireRecipient(address to) internal view {
        require(to != address(0), IEscrow.ZeroAddress());
        require(to != address(this) && to != _token, IEscrow.InvalidRecipient(to));
    }
}
