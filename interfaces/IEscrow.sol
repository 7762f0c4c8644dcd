// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Internal accounts in one settlement token
/// @notice Amounts are in the token's base units. Credits are internal; tokens leave by withdrawal only.
interface IEscrow {
    error ZeroAmount();
    error ZeroAddress();
    /// @notice The market or its token: what is sent there could never be withdrawn again
    error InvalidRecipient(address recipient);
    error InsufficientAvailable(address account, uint256 available, uint256 needed);
    /// @notice After the deposit the market would hold another amount than it must: the token took a fee, or lies
    error DeliveryMismatch(uint256 expectedBalance, uint256 balance);
    /// @notice The token refused to be sent
    error TransferFailed();
    /// @notice The token refused to be taken: too little balance or allowance
    error TransferFromFailed();
    error InsufficientLocked(uint256 locked, uint256 needed);
    /// @notice No more than `maximum` has room: with a deposit in the escrow, else in the balance that would grow
    error AmountTooLarge(uint256 amount, uint256 maximum);
    /// @notice The settlement token must have 6 to 24 decimals
    error UnsupportedDecimals(uint8 decimals);

    event Deposited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice The settlement token, fixed at deployment
    function token() external view returns (address);

    /// @notice What an account may withdraw or spend, and what its requests hold
    function accountOf(address account) external view returns (uint256 available, uint256 locked);

    /// @notice Move `amount` of the caller's tokens into its account
    /// @dev Requires an allowance. A token that delivers another amount is refused. Reverts:
    /// ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge, TransferFromFailed, DeliveryMismatch. Emits
    /// Deposited.
    function deposit(uint256 amount) external;

    /// @notice `deposit` with the allowance given by an ERC-2612 signature
    /// @dev A permit that fails does no harm, as when somebody has already used it: the allowance there is decides.
    /// Reverts: ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge, TransferFromFailed, DeliveryMismatch.
    /// Emits Deposited.
    function depositWithPermit(
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Send `amount` of the caller's available balance to `to`: anybody but zero, the market and the token
    /// @dev Reverts: ZeroAmount, ZeroAddress, InvalidRecipient, InsufficientAvailable, TransferFailed. Emits
    /// Withdrawn.
    function withdraw(address to, uint256 amount) external;
}
