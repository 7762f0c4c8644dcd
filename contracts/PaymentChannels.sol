// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ECDSA} from "solady/src/utils/ECDSA.sol";
import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IComputeMarket} from "../interfaces/IComputeMarket.sol";
import {IGovernance} from "../interfaces/IGovernance.sol";
import {IMinerRegistry} from "../interfaces/IMinerRegistry.sol";
import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IRequestBook} from "../interfaces/IRequestBook.sol";
import {IResourceClasses} from "../interfaces/IResourceClasses.sol";
import {Amounts} from "./libraries/Amounts.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {LocalChains} from "./libraries/LocalChains.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Balances} from "./market/Balances.sol";
import {Escrow} from "./market/Escrow.sol";
import {MarketDomain} from "./market/MarketDomain.sol";
import {Account} from "./types/Account.sol";
import {
    Channel,
    ChannelStatus,
    ChannelView,
    Earnings,
    Quote,
    Redemption,
    Standing
} from "./types/Channel.sol";
import {MinerId} from "./types/Ids.sol";
import {Offer} from "./types/Offer.sol";
import {ResourceClass, ResourceKind} from "./types/ResourceClass.sol";

/// @title Payment channels beside a market
/// @notice Money put in here leaves a channel in two ways: to its miner by vouchers, and back to its requester.
contract PaymentChannels is Escrow, MarketDomain, IPaymentChannels {
    using SafeTransferLib for address;
    using Amounts for uint256;
    using Amounts for uint112;

    bytes32 private constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channel,uint112 amount)"
    );
    uint256 private constant MAX_FEE_BPS = 1_000;
    /// @dev Furthest that a channel's end may be
    uint32 private constant LONGEST = 30 days;
    /// @dev Part of its price that reserved time costs in any case
    uint32 private constant RESERVED_PART = 10;

    address public immutable treasury;
    uint16 public immutable feeBps;
    uint32 public immutable notice;

    mapping(bytes32 key => Standing) private _standings;
    mapping(MinerId => Earnings) private _earnings;

    /// @param market_ Whose miners are paid, in its token
    /// @param treasury_ Whose account here receives the fees
    /// @param feeBps_ Share of payments
    /// @param notice_ Seconds: longer than a miner may be away, off local chains an hour at least
    constructor(
        IComputeMarket market_,
        address treasury_,
        uint16 feeBps_,
        uint32 notice_
    ) Balances(IERC20Metadata(market_.token())) MarketDomain(market_) {
        _requireRecipient(treasury_);
        Bounds.requireWithin(feeBps_, 0, MAX_FEE_BPS);
        Bounds.requireWithin(notice_, LocalChains.here() ? 1 : 1 hours, LONGEST);
        (treasury, feeBps, notice) = (treasury_, feeBps_, notice_);
    }

    /// @inheritdoc IPaymentChannels
    function market() external view returns (address) {
        return address(_market);
    }

    /// @inheritdoc IPaymentChannels
    function nonceOf(address requester) external view returns (uint32) {
        return _accounts[requester].mark;
    }

    /// @inheritdoc IPaymentChannels
    function channelId(Quote calldata quote) external view returns (bytes32) {
        return _id(quote);
    }

    /// @inheritdoc IPaymentChannels
    function earningsOf(MinerId minerId) external view returns (Earnings memory) {
        return _earnings[minerId];
    }

    /// @inheritdoc IPaymentChannels
    function channelOf(Channel calldata channel) external view returns (ChannelView memory found) {
        Standing storage standing = _standings[channel.keyOf()];
        if (standing.ends == 0) return found;
        found.status = ChannelStatus.Open;
        if (block.timestamp > standing.ends) found.status = ChannelStatus.Ending;
        if (block.timestamp > _closableAfter(standing)) found.status = ChannelStatus.Closable;
        (found.ends, found.paid) = (standing.ends, standing.paid);
        // Less than all money here, which has 112 bits
        found.deposit = uint112(standing.deposit(channel));
        found.reserved = uint112(standing.reserved(channel));
    }

    /// @inheritdoc IPaymentChannels
    function open(
        Quote calldata quote,
        bytes calldata signature,
        uint112 deposit,
        uint96 maxPrice
    ) external returns (bytes32 id, uint96 price) {
        id = _id(quote);
        _takeQuote(id, quote, signature);
        _requireNotZero(deposit);
        _accounts[msg.sender].debit(msg.sender, deposit);
        uint40 ends = uint40(block.timestamp) + quote.duration;
        uint256 reserve;
        (price, reserve) = quote.units == 0
            ? (_judgedPrice(quote, maxPrice), 0)
            : _lease(id, quote, maxPrice, ends);
        require(deposit >= reserve, DepositBelowReserve(deposit, reserve));
        // At most the deposit
        Channel memory record = Channel(
            quote,
            price,
            uint40(block.timestamp),
            deposit,
            uint112(reserve)
        );
        _standings[record.key()].open(ends);
        emit ChannelOpened(id, quote.miner, msg.sender, record);
    }

    /// @inheritdoc IPaymentChannels
    function topUp(
        Channel calldata channel,
        uint112 amount,
        uint32 time,
        uint96 maxPrice
    ) external {
        (bytes32 id, Standing storage standing, uint40 ends) = _running(channel);
        _requireNotZero(amount);
        _accounts[msg.sender].debit(msg.sender, amount);
        standing.addMoney(amount);
        uint256 deposit = standing.deposit(channel);
        uint256 reserve = 0;
        if (time != 0) {
            ends += time;
            uint256 most = block.timestamp + LONGEST;
            require(ends <= most, TimeOutOfBounds(ends, 0, most));
            uint256 rent = _extend(id, channel.quote, time, maxPrice, ends);
            reserve = standing.addTime(channel, ends, rent);
            require(deposit >= reserve, DepositBelowReserve(deposit, reserve));
        }
        emit ChannelToppedUp(id, channel.quote.miner, msg.sender, deposit, reserve, ends);
    }

    /// @inheritdoc IPaymentChannels
    function redeem(Channel calldata channel, uint112 amount, bytes calldata signature) external {
        (bytes32 id, Standing storage standing) = _known(channel);
        uint256 paid = standing.paid;
        require(amount > paid, VoucherNotAbovePaid(amount, paid));
        _requireVoucher(id, standing, channel, amount, signature);
        _pay(id, standing, channel.quote, amount);
    }

    /// @inheritdoc IPaymentChannels
    function redeemMany(Redemption[] calldata redemptions) external {
        for (uint256 i = 0; i < redemptions.length; ++i) {
            Redemption calldata each = redemptions[i];
            Channel calldata channel = each.channel;
            Standing storage standing = _standings[channel.keyOf()];
            bytes32 id = _id(channel.quote);
            if (
                standing.ends != 0 &&
                each.amount > standing.paid &&
                each.amount <= standing.deposit(channel) &&
                _isVoucher(id, channel.quote, each.amount, each.signature)
            ) {
                _pay(id, standing, channel.quote, each.amount);
            } else {
                emit RedemptionSkipped(id);
            }
        }
    }

    /// @inheritdoc IPaymentChannels
    function closeByMiner(
        Channel calldata channel,
        uint112 amount,
        bytes calldata signature
    ) external {
        (bytes32 id, Standing storage standing) = _known(channel);
        MinerId minerId = channel.quote.miner;
        require(msg.sender == _market.minerOf(minerId), NotChannelMiner(msg.sender, minerId));
        uint256 due = standing.paid;
        if (amount > due) {
            _requireVoucher(id, standing, channel, amount, signature);
            due = amount;
        }
        _close(id, standing, channel, due);
    }

    /// @inheritdoc IPaymentChannels
    function closeByRequester(Channel calldata channel) external {
        (bytes32 id, Standing storage standing, ) = _running(channel);
        standing.end(channel);
        uint40 closableFrom = uint40(_closableAfter(standing)) + 1;
        emit ChannelEnded(id, channel.quote.miner, msg.sender, closableFrom);
        if (channel.quote.units != 0) _market.freeLot(id);
    }

    /// @inheritdoc IPaymentChannels
    function close(Channel calldata channel) external {
        (bytes32 id, Standing storage standing) = _known(channel);
        uint256 until = _closableAfter(standing);
        require(block.timestamp > until, NoticeNotOver(uint40(until)));
        _close(id, standing, channel, standing.paid);
    }

    /// @inheritdoc IPaymentChannels
    function collectEarnings(address miner) external {
        IMinerRegistry.MinerAccount memory found = _market.minerAccount(miner);
        require(
            msg.sender == miner || msg.sender == found.payout,
            IMinerRegistry.NotMinerOrPayout(msg.sender, miner)
        );
        uint112 amount = _earnings[found.minerId].takeDue();
        require(amount != 0, NoEarnings(miner));
        _requireRecipient(found.payout);
        emit EarningsCollected(found.minerId, found.payout, amount);
        _token.safeTransfer(found.payout, amount);
    }

    /// @inheritdoc IPaymentChannels
    function collectFees(MinerId[] calldata minerIds) external {
        for (uint256 i = 0; i < minerIds.length; ++i) {
            uint112 fees = _earnings[minerIds[i]].takeFees();
            if (fees == 0) continue;
            _accounts[treasury].credit(fees);
            emit ChannelFeesCollected(minerIds[i], fees);
        }
    }

    /// @dev The miner has signed it for the caller, and it was not used.
    function _takeQuote(bytes32 id, Quote calldata quote, bytes calldata signature) private {
        require(quote.channels == address(this), ForeignQuote(quote.channels));
        require(msg.sender == quote.requester, NotChannelRequester(msg.sender, quote.requester));
        require(block.timestamp <= quote.validUntil, QuoteExpired(quote.validUntil));
        require(
            quote.duration != 0 && quote.duration <= LONGEST,
            TimeOutOfBounds(quote.duration, 1, LONGEST)
        );
        require(quote.signer != address(0), ZeroAddress());
        Account storage account = _accounts[msg.sender];
        require(quote.nonce > account.mark, NonceTooLow(quote.nonce, account.mark));
        address miner = _market.minerOf(quote.miner);
        require(Signatures.isValid(miner, id, signature), InvalidSignature(miner, id));
        account.setMark(quote.nonce);
    }

    /// @dev Takes the lot. The reserve is what its time costs in any case, in base units.
    function _lease(
        bytes32 id,
        Quote calldata quote,
        uint96 maxPrice,
        uint40 ends
    ) private returns (uint96 price, uint256 reserve) {
        uint32 unitSeconds;
        (price, unitSeconds) = _market.takeLot(
            id,
            quote.miner,
            quote.resource,
            quote.units,
            maxPrice,
            ends
        );
        reserve = _reserve(quote.units, quote.duration, unitSeconds, price);
    }

    /// @dev The rent is what the time added costs in any case, in base units.
    function _extend(
        bytes32 id,
        Quote calldata quote,
        uint32 time,
        uint96 maxPrice,
        uint40 ends
    ) private returns (uint256 rent) {
        if (quote.units == 0) return 0;
        (uint96 price, uint32 unitSeconds) = _market.extendLot(id, maxPrice, ends);
        return _reserve(quote.units, time, unitSeconds, price);
    }

    /// @dev Also after the requester has ended its time, and after the lot was pruned
    function _close(
        bytes32 id,
        Standing storage standing,
        Channel calldata channel,
        uint256 due
    ) private {
        due = Math.max(due, standing.reserved(channel));
        MinerId minerId = channel.quote.miner;
        (uint256 earned, uint256 fee) = _credit(standing, minerId, due);
        uint256 refunded = standing.deposit(channel) - due;
        standing.close();
        address requester = channel.quote.requester;
        if (refunded != 0) _accounts[requester].credit(refunded);
        emit ChannelClosed(id, minerId, requester, due, earned, fee, refunded);
        if (channel.quote.units != 0) _market.freeLot(id);
    }

    /// @param due Above what was paid, at most what was put in
    function _pay(
        bytes32 id,
        Standing storage standing,
        Quote calldata quote,
        uint256 due
    ) private {
        (uint256 earned, uint256 fee) = _credit(standing, quote.miner, due);
        standing.pay(due);
        emit ChannelPaid(id, quote.miner, quote.requester, due, earned, fee);
    }

    /// @dev The fee is that of all that was paid, less that taken before: many payments cost what one does.
    function _credit(
        Standing storage standing,
        MinerId minerId,
        uint256 due
    ) private returns (uint256 earned, uint256 fee) {
        uint256 paid = standing.paid;
        if (due == paid) return (0, 0);
        fee = due.shareDown(feeBps) - paid.shareDown(feeBps);
        earned = due - paid - fee;
        _earnings[minerId].add(earned, fee);
    }

    function _running(
        Channel calldata channel
    ) private view returns (bytes32 id, Standing storage standing, uint40 ends) {
        id = _id(channel.quote);
        standing = _standings[channel.keyOf()];
        ends = standing.requireRunning(id);
        address requester = channel.quote.requester;
        require(msg.sender == requester, NotChannelRequester(msg.sender, requester));
    }

    function _known(
        Channel calldata channel
    ) private view returns (bytes32 id, Standing storage standing) {
        id = _id(channel.quote);
        standing = _standings[channel.keyOf()];
        standing.requireKnown(id);
    }

    function _requireVoucher(
        bytes32 id,
        Standing storage standing,
        Channel calldata channel,
        uint112 amount,
        bytes calldata signature
    ) private view {
        uint256 deposit = standing.deposit(channel);
        require(amount <= deposit, VoucherAboveDeposit(amount, deposit));
        require(
            _isVoucher(id, channel.quote, amount, signature),
            InvalidSignature(channel.quote.signer, _voucherDigest(id, amount))
        );
    }

    /// @dev By the key alone: a contract could take back what it owes.
    function _isVoucher(
        bytes32 id,
        Quote calldata quote,
        uint112 amount,
        bytes calldata signature
    ) private view returns (bool) {
        return ECDSA.tryRecoverCalldata(_voucherDigest(id, amount), signature) == quote.signer;
    }

    /// @dev What takes no lot asks of the market itself what a lot would.
    function _judgedPrice(
        Quote calldata quote,
        uint96 maxPrice
    ) private view returns (uint96 price) {
        require(!_market.paused(), IGovernance.EnforcedPause());
        ResourceClass memory class = _market.resourceClass(quote.resource);
        require(!class.retired, IResourceClasses.ResourceRetired(quote.resource));
        require(class.kind == ResourceKind.Judged, ResourceNeedsUnits(quote.resource));
        require(maxPrice >= class.floor, IRequestBook.BidBelowFloor(maxPrice, class.floor));
        Offer memory offer = _market.offerOf(_market.minerOf(quote.miner), quote.resource);
        require(block.timestamp <= offer.validUntil, IMinerRegistry.OfferExpired(offer.validUntil));
        require(offer.ask <= maxPrice, IRequestBook.AskAboveBid(offer.ask, maxPrice));
        price = _market.priceOf(quote.resource);
        if (price < offer.ask) return offer.ask;
        if (price > maxPrice) return maxPrice;
    }

    function _closableAfter(Standing storage standing) private view returns (uint256) {
        return uint256(standing.ends) + notice;
    }

    function _reserve(
        uint64 units,
        uint32 time,
        uint32 unitSeconds,
        uint96 price
    ) private view returns (uint256) {
        return Math.ceilDiv(_scale.rentUp(units, time, unitSeconds, price), RESERVED_PART);
    }

    function _id(Quote calldata quote) private view returns (bytes32) {
        return _digest(quote.structHash());
    }

    function _voucherDigest(bytes32 id, uint112 amount) private view returns (bytes32) {
        return _digest(keccak256(abi.encode(VOUCHER_TYPEHASH, id, amount)));
    }
}
