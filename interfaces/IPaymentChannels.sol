// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Channel, ChannelView, Earnings, Quote, Redemption} from "../contracts/types/Channel.sol";
import {MinerId, ResourceId} from "../contracts/types/Ids.sol";
import {IEscrow} from "./IEscrow.sol";

/// @title Payment channels: a requester pays one miner in many small steps, of which the chain sees two
/// @notice Opened with the miner's signed quote. Each voucher says all that the channel owes so far, so the last one is
/// enough. The channel's time ends when it is over, or when the requester says so; from then on the miner has the
/// notice's time to redeem, until anybody may close the channel. What is not paid goes back to the requester.
/// @dev All parameters are fixed at deployment. A channel is its opening record, passed with each call; the contract
/// keeps what changes. Signatures are under the market's EIP-712 domain.
interface IPaymentChannels is IEscrow {
    /// @notice The quote is for other channels
    error ForeignQuote(address channels);
    error QuoteExpired(uint40 validUntil);
    /// @notice The requester has opened a channel with this nonce or a greater one
    error NonceTooLow(uint32 nonce, uint32 last);
    error TimeOutOfBounds(uint256 duration, uint256 least, uint256 most);
    error InvalidSignature(address signer, bytes32 digest);
    /// @notice Without units, only judged classes are paid for
    error ResourceNeedsUnits(ResourceId resource);
    /// @notice The money does not cover what the reserved time costs in any case
    error DepositBelowReserve(uint256 deposit, uint256 reserve);
    error NotChannelRequester(address caller, address requester);
    error NotChannelMiner(address caller, MinerId minerId);
    /// @notice Never opened with this record, or closed
    error UnknownChannel(bytes32 channel);
    /// @notice The channel's time is over
    error ChannelOver(uint40 ends);
    error NoticeNotOver(uint40 until);
    error VoucherAboveDeposit(uint256 amount, uint256 deposit);
    /// @notice It pays nothing that was not paid
    error VoucherNotAbovePaid(uint256 amount, uint256 paid);
    error NoEarnings(address miner);

    event ChannelOpened(
        bytes32 indexed channel,
        MinerId indexed minerId,
        address indexed requester,
        Channel record
    );
    /// @param deposit All that was put in
    /// @param reserve What the time from now to the new end costs if nothing else is paid
    event ChannelToppedUp(
        bytes32 indexed channel,
        MinerId indexed minerId,
        address indexed requester,
        uint256 deposit,
        uint256 reserve,
        uint40 ends
    );
    /// @param paid All that the channel has paid by now, the fees included
    /// @param earned What the miner got of it this time, after the fee
    event ChannelPaid(
        bytes32 indexed channel,
        MinerId indexed minerId,
        address indexed requester,
        uint256 paid,
        uint256 earned,
        uint256 fee
    );
    /// @notice The requester has ended the channel's time
    /// @param closableFrom When anybody may close it, in seconds since 1970
    event ChannelEnded(
        bytes32 indexed channel,
        MinerId indexed minerId,
        address indexed requester,
        uint40 closableFrom
    );
    /// @param paid All that the channel has paid, the fees included
    /// @param earned What the miner got of it in the end, after the fee
    event ChannelClosed(
        bytes32 indexed channel,
        MinerId indexed minerId,
        address indexed requester,
        uint256 paid,
        uint256 earned,
        uint256 fee,
        uint256 refunded
    );
    /// @notice A redemption among many that is not valid, or pays nothing that was not paid
    event RedemptionSkipped(bytes32 indexed channel);
    event ChannelFeesCollected(MinerId indexed minerId, uint256 amount);
    event EarningsCollected(MinerId indexed minerId, address payout, uint256 amount);

    /// @notice Whose miners are paid
    function market() external view returns (address);

    /// @notice The account here that receives the fees
    function treasury() external view returns (address);

    /// @notice Share of what channels pay that is the fee, in basis points
    function feeBps() external view returns (uint16);

    /// @notice Seconds from the end of a channel's time until anybody may close it
    function notice() external view returns (uint32);

    /// @notice That of the last channel that a requester opened; 0: none
    function nonceOf(address requester) external view returns (uint32);

    /// @notice The digest that the miner signs, which is the channel's id
    function channelId(Quote calldata quote) external view returns (bytes32);

    /// @notice Where a channel stands; all zero if there is none with this record
    function channelOf(Channel calldata channel) external view returns (ChannelView memory);

    /// @notice What can be collected of what channels have paid for a miner
    function earningsOf(MinerId minerId) external view returns (Earnings memory);

    /// @notice Open a channel with the caller's available money; by the quote's requester
    /// @dev With units, they are taken as a lot of the quote's class until the end. Without, the class is a judged one of
    /// which the miner has a valid offer, and nothing is kept. All lower nonces of the requester are void. Reverts:
    /// ForeignQuote, NotChannelRequester, QuoteExpired, TimeOutOfBounds, ZeroAddress, NonceTooLow, InvalidSignature,
    /// ZeroAmount, InsufficientAvailable, what `takeLot` of the market does; without units EnforcedPause,
    /// UnknownResource, ResourceRetired, ResourceNeedsUnits, BidBelowFloor, OfferExpired, AskAboveBid;
    /// DepositBelowReserve. Emits ChannelOpened.
    /// @param signature Of the account that acts for the miner
    /// @param deposit In base units: at least a tenth of what the lot's whole time costs
    /// @param maxPrice Bid, in 10^-18 token per unit
    function open(
        Quote calldata quote,
        bytes calldata signature,
        uint112 deposit,
        uint96 maxPrice
    ) external returns (bytes32 id, uint96 price);

    /// @notice Put in more money, and time at today's price; by the requester, while the channel's time runs
    /// @dev Reverts: UnknownChannel, ChannelOver, NotChannelRequester, ZeroAmount, InsufficientAvailable,
    /// TimeOutOfBounds, what `extendLot` of the market does, DepositBelowReserve. Emits ChannelToppedUp.
    /// @param amount In base units; not zero
    /// @param time Seconds by which the end moves; 0: none
    /// @param maxPrice Bid for the time added, in 10^-18 token per unit
    function topUp(Channel calldata channel, uint112 amount, uint32 time, uint96 maxPrice) external;

    /// @notice Pay what a voucher says above what was paid; by anyone, until the channel is closed
    /// @dev Reverts: UnknownChannel, VoucherNotAbovePaid, VoucherAboveDeposit, InvalidSignature. Emits ChannelPaid.
    function redeem(Channel calldata channel, uint112 amount, bytes calldata signature) external;

    /// @notice `redeem` for each that can be; the others are left out, and said
    /// @dev Emits ChannelPaid or RedemptionSkipped for each.
    function redeemMany(Redemption[] calldata redemptions) external;

    /// @notice Pay what the best voucher says, refund the rest at once and free the lot; by the miner
    /// @dev Reverts: UnknownChannel, NotChannelMiner; with a voucher that would pay VoucherAboveDeposit,
    /// InvalidSignature. Emits ChannelClosed.
    /// @param amount Not above what was paid: no voucher is needed, and its signature not looked at
    function closeByMiner(
        Channel calldata channel,
        uint112 amount,
        bytes calldata signature
    ) external;

    /// @notice End the channel's time now and free the lot; by the requester. The money stays for the notice.
    /// @dev Reverts: UnknownChannel, ChannelOver, NotChannelRequester. Emits ChannelEnded.
    function closeByRequester(Channel calldata channel) external;

    /// @notice Refund what is not paid and free the lot; by anyone, when the notice is over
    /// @dev Reverts: UnknownChannel, NoticeNotOver. Emits ChannelClosed.
    function close(Channel calldata channel) external;

    /// @notice Credit the treasury's account here with the fees of what channels have paid for miners; by anyone
    /// @dev Emits ChannelFeesCollected for each that has some.
    function collectFees(MinerId[] calldata minerIds) external;

    /// @notice Send all earnings to the miner's payout; by the miner or its payout
    /// @dev Reverts: NotRegistered, NotMinerOrPayout, NoEarnings, InvalidRecipient, TransferFailed. Emits
    /// EarningsCollected.
    function collectEarnings(address miner) external;
}
