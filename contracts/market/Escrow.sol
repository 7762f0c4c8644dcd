// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Amounts, Scale} from "./Amounts.sol";

/// @title Internal accounts in one settlement token
/// @dev Deposits are refused once the contract would hold more than 2^112 - 1, so every balance and every sum of
/// balances fits in a uint112: the narrowing casts here and in the modules above rest on that.
abstract contract Escrow is IEscrow, ReentrancyGuard {
    using SafeTransferLib for address;

    struct Account {
        /// Free to spend or withdraw, in base units
        uint112 available;
        /// Held by requests, in base units
        uint112 locked;
        /// Requests signed with another epoch are void; here because it is read with the balance
        uint32 epoch;
    }

    address internal immutable _token;
    Scale internal immutable _scale;

    mapping(address account => Account) internal _accounts;

    constructor(IERC20Metadata token_) {
        uint8 decimals = token_.decimals();
        require(decimals >= 6 && decimals <= 24, UnsupportedDecimals(decimals));
        _token = address(token_);
        _scale = Amounts.scaleOf(decimals);
    }

    /// @inheritdoc IEscrow
    function token() external view returns (address) {
        return _token;
    }

    /// @inheritdoc IEscrow
    function accountOf(address account) external view returns (uint256 available, uint256 locked) {
        Account storage stored = _accounts[account];
        return (stored.available, stored.locked);
    }

    /// @inheritdoc IEscrow
    function deposit(uint256 amount) external {
        _deposit(amount);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        // A permit that was front-run fails here, but has left its allowance: the transfer decides.
        try
            IERC20Permit(_token).permit(msg.sender, address(this), amount, deadline, v, r, s)
        {} catch {}
        _deposit(amount);
    }

    /// @inheritdoc IEscrow
    function withdraw(address to, uint256 amount) external {
        require(amount != 0, ZeroAmount());
        _requireRecipient(to);
        _debit(msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);
        _token.safeTransfer(to, amount);
    }

    /// @dev The balance is measured around the transfer, so nothing may enter in between.
    function _deposit(uint256 amount) private nonReentrant {
        require(amount != 0, ZeroAmount());
        uint256 before = SafeTransferLib.balanceOf(_token, address(this));
        require(
            amount <= type(uint112).max && before <= type(uint112).max - amount,
            AmountTooLarge(amount, type(uint112).max)
        );
        _credit(msg.sender, amount);
        emit Deposited(msg.sender, amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 held = SafeTransferLib.balanceOf(_token, address(this));
        require(held == before + amount, DeliveryMismatch(before + amount, held));
    }

    function _credit(address account, uint256 amount) internal {
        _accounts[account].available += uint112(amount);
    }

    function _debit(address account, uint256 amount) internal {
        Account storage stored = _accounts[account];
        uint256 available = stored.available;
        require(amount <= available, InsufficientAvailable(account, available, amount));
        stored.available = uint112(available - amount);
    }

    function _lock(address account, uint256 amount) internal {
        Account storage stored = _accounts[account];
        uint256 available = stored.available;
        require(amount <= available, InsufficientAvailable(account, available, amount));
        stored.available = uint112(available - amount);
        stored.locked += uint112(amount);
    }

    /// @dev Ends a lock of `locked`, of which `returned` comes back to the account; `returned` may exceed it by
    /// a compensation taken from elsewhere.
    function _unlock(address account, uint256 locked, uint256 returned) internal {
        Account storage stored = _accounts[account];
        stored.locked -= uint112(locked);
        stored.available += uint112(returned);
    }

    function _requireRecipient(address to) internal view {
        require(to != address(0), ZeroAddress());
        require(to != address(this) && to != _token, InvalidRecipient(to));
    }
}
