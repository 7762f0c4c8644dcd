// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IComputeMarket} from "../interfaces/IComputeMarket.sol";
import {IMinerRegistry} from "../interfaces/IMinerRegistry.sol";
import {IStorageDeals} from "../interfaces/IStorageDeals.sol";
import {Amounts} from "./libraries/Amounts.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {ByteTree} from "./libraries/ByteTree.sol";
import {LocalChains} from "./libraries/LocalChains.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Balances} from "./market/Balances.sol";
import {Escrow} from "./market/Escrow.sol";
import {MarketDomain} from "./market/MarketDomain.sol";
import {Account} from "./types/Account.sol";
import {MinerId} from "./types/Ids.sol";
import {
    Keeping,
    LeafProof,
    StorageDeal,
    StorageQuote,
    StorageStatus,
    StorageView
} from "./types/StorageDeal.sol";

/// @title Storage deals beside a market
/// @notice What a requester puts in goes to the miner, period by period against proofs, or back to the requester.
contract StorageDeals is Escrow, MarketDomain, IStorageDeals {
    using SafeTransferLib for address;
    using Amounts for uint256;

    uint256 private constant MAX_FEE_BPS = 1_000;
    uint256 private constant MOST_SAMPLES = 16;
    /// @dev Longest that a deal lasts
    uint32 private constant LONGEST = 365 days;
    /// @dev A missed period costs its miner so many periods' pay at least
    uint256 private constant LEAST_LOST = 2;

    address public immutable treasury;
    uint16 public immutable feeBps;
    uint32 public immutable window;

    mapping(bytes32 key => Keeping) private _keepings;
    mapping(MinerId => Account) private _purses;

    /// @param market_ Whose miners keep the bytes, and are paid in its token
    /// @param treasury_ Whose account here receives the fees
    /// @param feeBps_ Share of the pay
    /// @param window_ Seconds: longer than a miner may be away, off local chains an hour at least
    constructor(
        IComputeMarket market_,
        address treasury_,
        uint16 feeBps_,
        uint32 window_
    ) Balances(IERC20Metadata(market_.token())) MarketDomain(market_) {
        _requireRecipient(treasury_);
        Bounds.requireWithin(feeBps_, 0, MAX_FEE_BPS);
        Bounds.requireWithin(window_, LocalChains.here() ? 1 : 1 hours, 7 days);
        (treasury, feeBps, window) = (treasury_, feeBps_, window_);
    }

    /// @inheritdoc IStorageDeals
    function market() external view returns (address) {
        return address(_market);
    }

    /// @inheritdoc IStorageDeals
    function nonceOf(address requester) external view returns (uint32) {
        return _accounts[requester].mark;
    }

    /// @inheritdoc IStorageDeals
    function dealId(StorageQuote calldata quote) external view returns (bytes32) {
        return _id(quote);
    }

    /// @inheritdoc IStorageDeals
    function purseOf(MinerId minerId) external view returns (uint256 available, uint256 locked) {
        Account storage purse = _purses[minerId];
        return (purse.available, purse.locked);
    }

    /// @inheritdoc IStorageDeals
    function standingOf(
        StorageDeal calldata deal
    ) external view returns (StorageView memory found) {
        Keeping storage keeping = _keepings[deal.keyOf()];
        if (!keeping.open) return found;
        (found.proved, found.named) = (keeping.proved, keeping.named);
        uint256 over = deal.endOf(found.proved);
        // Less than two years from now
        (found.over, found.until) = (uint40(over), uint40(over + window));
        found.status = StorageStatus.Kept;
        if (block.timestamp >= found.over) found.status = StorageStatus.Due;
        if (block.timestamp > found.until) found.status = StorageStatus.Missed;
    }

    /// @inheritdoc IStorageDeals
    function leavesOf(StorageDeal calldata deal) external view returns (uint256[] memory leaves) {
        (bytes32 id, Keeping storage keeping) = _known(deal);
        bytes32 seed = _seed(keeping.named);
        uint256 count = ByteTree.leavesOf(deal.quote.size);
        leaves = new uint256[](deal.quote.samples);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = _leaf(seed, id, i, count);
        }
    }

    /// @inheritdoc IStorageDeals
    function addCollateral(address miner, uint112 amount) external {
        MinerId minerId = _market.minerAccount(miner).minerId;
        _requireNotZero(amount);
        _accounts[msg.sender].debit(msg.sender, amount);
        _purses[minerId].credit(amount);
        emit CollateralAdded(minerId, msg.sender, amount);
    }

    /// @inheritdoc IStorageDeals
    function collect(address miner, uint112 amount) external {
        IMinerRegistry.MinerAccount memory found = _market.minerAccount(miner);
        require(
            msg.sender == miner || msg.sender == found.payout,
            IMinerRegistry.NotMinerOrPayout(msg.sender, miner)
        );
        _requireNotZero(amount);
        _requireRecipient(found.payout);
        _purses[found.minerId].debit(miner, amount);
        emit PurseCollected(found.minerId, found.payout, amount);
        _token.safeTransfer(found.payout, amount);
    }

    /// @inheritdoc IStorageDeals
    function open(
        StorageQuote calldata quote,
        bytes calldata signature
    ) external returns (bytes32 id, uint112 pay) {
        id = _id(quote);
        address miner = _takeQuote(id, quote, signature);
        uint256 each = _lease(id, quote);
        _requireNotZero(each);
        _accounts[msg.sender].debit(msg.sender, each * quote.periods);
        uint256 least = LEAST_LOST * each;
        require(quote.collateral >= least, CollateralTooLow(quote.collateral, least));
        _purses[quote.miner].lock(miner, quote.collateral);
        // The account paid it
        pay = uint112(each);
        StorageDeal memory record = StorageDeal(quote, pay, uint40(block.timestamp));
        _keepings[record.key()].begin();
        emit StorageOpened(id, quote.miner, msg.sender, record);
    }

    /// @inheritdoc IStorageDeals
    function nameBlock(StorageDeal calldata deal) external {
        (bytes32 id, Keeping storage keeping) = _known(deal);
        _requireMiner(deal.quote.miner);
        uint256 period = keeping.proved;
        uint256 over = deal.endOf(period);
        require(block.timestamp >= over, PeriodNotOver(over));
        _requireNotMissed(over);
        emit LeavesNamed(id, deal.quote.miner, period, keeping.name());
    }

    /// @inheritdoc IStorageDeals
    function prove(StorageDeal calldata deal, LeafProof[] calldata proofs) external {
        (bytes32 id, Keeping storage keeping) = _known(deal);
        uint256 period = keeping.proved;
        _requireNotMissed(deal.endOf(period));
        _requireLeaves(id, keeping, deal.quote, proofs);
        keeping.pass();
        uint256 pay = deal.pay;
        uint256 earned = pay - pay.shareDown(feeBps);
        _purses[deal.quote.miner].credit(earned);
        emit PeriodProved(id, deal.quote.miner, period, earned);
        if (period + 1 == deal.quote.periods) _end(id, keeping, deal, period + 1, 0);
    }

    /// @inheritdoc IStorageDeals
    function settle(StorageDeal calldata deal) external {
        (bytes32 id, Keeping storage keeping) = _known(deal);
        uint256 until = deal.endOf(keeping.proved) + window;
        require(block.timestamp > until, PeriodNotMissed(until));
        _end(id, keeping, deal, keeping.proved, deal.quote.collateral);
    }

    /// @inheritdoc IStorageDeals
    function closeByMiner(StorageDeal calldata deal) external {
        (bytes32 id, Keeping storage keeping) = _known(deal);
        _requireMiner(deal.quote.miner);
        _end(id, keeping, deal, keeping.proved, deal.quote.collateral);
    }

    /// @inheritdoc IStorageDeals
    function closeByRequester(StorageDeal calldata deal) external {
        (bytes32 id, Keeping storage keeping) = _known(deal);
        address requester = deal.quote.requester;
        require(msg.sender == requester, NotOwnerOfBytes(msg.sender, requester));
        uint256 proved = keeping.proved;
        _requireNotMissed(deal.endOf(proved));
        uint256 begun = deal.begun();
        uint256 pay = deal.pay;
        _purses[deal.quote.miner].credit((begun - proved) * (pay - pay.shareDown(feeBps)));
        _end(id, keeping, deal, begun, 0);
    }

    /// @dev The miner has signed it for the caller, and it was not used.
    /// @return miner The account acting for it
    function _takeQuote(
        bytes32 id,
        StorageQuote calldata quote,
        bytes calldata signature
    ) private returns (address miner) {
        require(quote.storageDeals == address(this), ForeignStorageQuote(quote.storageDeals));
        require(msg.sender == quote.requester, NotOwnerOfBytes(msg.sender, quote.requester));
        require(block.timestamp <= quote.validUntil, StorageQuoteExpired(quote.validUntil));
        require(quote.size != 0, EmptyFile());
        uint256 period = quote.period;
        require(period >= window && period <= LONGEST, PeriodOutOfBounds(period, window, LONGEST));
        uint256 most = LONGEST / period;
        require(
            quote.periods != 0 && quote.periods <= most,
            PeriodsOutOfBounds(quote.periods, 1, most)
        );
        require(
            quote.samples != 0 && quote.samples <= MOST_SAMPLES,
            SamplesOutOfBounds(quote.samples, 1, MOST_SAMPLES)
        );
        Account storage account = _accounts[msg.sender];
        require(quote.nonce > account.mark, StorageNonceTooLow(quote.nonce, account.mark));
        miner = _market.minerOf(quote.miner);
        require(Signatures.isValid(miner, id, signature), StorageQuoteNotSigned(miner, id));
        account.setMark(quote.nonce);
    }

    /// @dev Takes the lot.
    /// @return pay For a period, in base units
    function _lease(bytes32 id, StorageQuote calldata quote) private returns (uint256 pay) {
        // Less than two years from now
        uint40 ends = uint40(block.timestamp + uint256(quote.period) * quote.periods);
        (uint96 price, uint32 unitSeconds) = _market.takeLot(
            id,
            quote.miner,
            quote.resource,
            quote.units,
            quote.maxPrice,
            ends
        );
        return _scale.rentUp(quote.units, quote.period, unitSeconds, price);
    }

    /// @dev Fees wait in the deal until its end, so that a proof writes one slot less.
    /// @param paid Periods whose pay the miner has
    /// @param lost Of its collateral
    function _end(
        bytes32 id,
        Keeping storage keeping,
        StorageDeal calldata deal,
        uint256 paid,
        uint256 lost
    ) private {
        keeping.end();
        uint256 pay = deal.pay;
        uint256 fee = pay.shareDown(feeBps);
        uint256 refunded = (deal.quote.periods - paid) * pay;
        // No more than it paid: with a miner's stolen key nobody gains by a deal with itself
        uint256 compensation = Math.min(lost, paid * pay);
        uint256 kept = paid * fee + lost - compensation;
        if (kept != 0) _accounts[treasury].credit(kept);
        uint256 back = refunded + compensation;
        if (back != 0) _accounts[deal.quote.requester].credit(back);
        _purses[deal.quote.miner].unlock(deal.quote.collateral, deal.quote.collateral - lost);
        emit StorageEnded(
            id,
            deal.quote.miner,
            deal.quote.requester,
            paid,
            paid * (pay - fee),
            paid * fee,
            refunded,
            lost,
            compensation
        );
        _market.freeLot(id);
    }

    function _known(
        StorageDeal calldata deal
    ) private view returns (bytes32 id, Keeping storage keeping) {
        id = _id(deal.quote);
        keeping = _keepings[deal.keyOf()];
        require(keeping.open, UnknownStorageDeal(id));
    }

    function _requireMiner(MinerId minerId) private view {
        require(msg.sender == _market.minerOf(minerId), NotKeeper(msg.sender, minerId));
    }

    /// @param over When the period that is to be proved was over
    function _requireNotMissed(uint256 over) private view {
        require(block.timestamp <= over + window, PeriodMissed(over + window));
    }

    function _requireLeaves(
        bytes32 id,
        Keeping storage keeping,
        StorageQuote calldata quote,
        LeafProof[] calldata proofs
    ) private view {
        bytes32 seed = _seed(keeping.named);
        require(proofs.length == quote.samples, WrongSamples(proofs.length, quote.samples));
        uint256 count = ByteTree.leavesOf(quote.size);
        for (uint256 i = 0; i < proofs.length; ++i) {
            uint256 leaf = _leaf(seed, id, i, count);
            require(
                ByteTree.holds(quote.root, quote.size, leaf, proofs[i]),
                LeafNotInFile(i, leaf)
            );
        }
    }

    function _seed(uint64 named) private view returns (bytes32 seed) {
        require(named != 0, NotNamed());
        require(block.number > named, NamedBlockNotThere(named));
        seed = blockhash(named);
        require(seed != 0, NamedBlockGone(named));
    }

    /// @dev A deal's own leaves: one block draws others for each.
    function _leaf(
        bytes32 seed,
        bytes32 id,
        uint256 place,
        uint256 count
    ) private pure returns (uint256) {
        // Of a block that was not there when it was named; leaves are so many fewer than hashes that none is favoured
        // slither-disable-next-line weak-prng
        return uint256(keccak256(abi.encode(seed, id, place))) % count;
    }

    function _id(StorageQuote calldata quote) private view returns (bytes32) {
        return _digest(quote.structHash());
    }
}
