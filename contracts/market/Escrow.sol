// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Account} from "../types/Account.sol";
import {Balances} from "./Balances.sol";

/// @title How money comes in and goes out
abstract contract Escrow is Balances, IEscrow {
    using SafeTransferLib for address;

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
        _requireNotZero(amount);
        _requireRecipient(to);
        _accounts[msg.sender].debit(msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);
        _send(to, amount);
    }

    function _send(address to, uint256 amount) internal virtual {
        _token.safeTransfer(to, amount);
    }

    /// @dev The balance is measured around the transfer, so nothing may enter in between.
    function _deposit(uint256 amount) private nonReentrant {
        _requireNotZero(amount);
        uint256 before = SafeTransferLib.balanceOf(_token, address(this));
        require(
            amount <= type(uint112).max && before <= type(uint112).max - amount,
            AmountTooLarge(amount, type(uint112).max)
        );
        _accounts[msg.sender].credit(amount);
        emit Deposited(msg.sender, amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 held = SafeTransferLib.balanceOf(_token, address(this));
        require(held == before + amount, DeliveryMismatch(before + amount, held));
    }
}
