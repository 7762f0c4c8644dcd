// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IComputeMarket} from "../interfaces/IComputeMarket.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {IRewardPool} from "../interfaces/IRewardPool.sol";
import {Amounts} from "./libraries/Amounts.sol";
import {Bounds} from "./libraries/Bounds.sol";
import {LocalChains} from "./libraries/LocalChains.sol";
import {Balances} from "./market/Balances.sol";
import {MinerId, ResourceId} from "./types/Ids.sol";
import {Offer} from "./types/Offer.sol";
import {ClassWeight, FeesSeen, Observed, RewardEpoch} from "./types/Reward.sol";

/// @title Rewards for published capacity, out of what the pool holds
/// @dev What counts is kept by time as it is read; the moments that decide are drawn when nobody can change it any more.
contract RewardPool is Balances, Ownable2Step, IRewardPool {
    using SafeTransferLib for address;
    using Checkpoints for Checkpoints.Trace208;
    using Amounts for uint256;

    /// @dev What readings made of a class: units of all miners that count, and the formula's value
    struct ClassState {
        uint256 units;
        uint96 rate;
    }

    /// @dev A reading asks the market of each
    uint256 private constant MOST_CLASSES = 8;
    uint16 private constant MOST_FEE_SHARE = 5_000;
    uint256 private constant MOMENTS = 4;
    /// @dev Blocks from the naming of a block to the block
    uint256 private constant DRAW_DELAY = 4;
    /// @dev How far back the chain tells hashes, in blocks
    uint256 private constant HASHES = 256;
    uint256 private constant CLAIM_EPOCHS = 4;
    /// @dev Part of an epoch after which a second reading makes capacity count
    uint256 private constant SETTLING_PART = 64;
    /// @dev 10^-9 token as a price
    uint96 private constant BILLIONTH = 1e9;

    address public immutable market;
    address public immutable treasury;
    uint256 public immutable genesis;
    uint256 public immutable epochLength;
    uint256 public immutable settling;

    /// @inheritdoc IRewardPool
    uint256 public free;
    /// @inheritdoc IRewardPool
    uint256 public reserved;
    /// @inheritdoc IRewardPool
    uint16 public feeShareBps;

    ClassWeight[][] private _rules;
    mapping(uint256 epoch => RewardEpoch) private _epochs;
    mapping(uint256 epoch => mapping(MinerId => FeesSeen)) private _fees;
    mapping(uint256 epoch => mapping(MinerId => mapping(ResourceId => Observed))) private _observed;
    /// @dev `counted` of a miner in a class, by second
    mapping(uint256 epoch => mapping(MinerId => mapping(ResourceId => Checkpoints.Trace208)))
        private _counted;
    /// @dev ClassState by second, packed: 112 bits of units, 96 of the rate
    mapping(uint256 epoch => mapping(ResourceId => Checkpoints.Trace208)) private _classes;

    /// @param market_ Whose miners are rewarded
    /// @param owner Sets the rules
    /// @param treasury_ Receives the fees that the pool does not keep
    /// @param epochLength_ In seconds; at most the market's unbonding delay, so that no stake backs two in an epoch
    constructor(
        IComputeMarket market_,
        address owner,
        address treasury_,
        uint256 epochLength_,
        uint16 feeShareBps_,
        ClassWeight[] memory weights_
    ) Balances(IERC20Metadata(market_.token())) Ownable(owner) {
        _requireRecipient(treasury_);
        uint256 least = LocalChains.here() ? SETTLING_PART : 1 days;
        Bounds.requireWithin(epochLength_, least, Math.min(30 days, market_.unbondingDelay()));
        (market, treasury, genesis) = (address(market_), treasury_, block.timestamp);
        (epochLength, settling) = (epochLength_, epochLength_ / SETTLING_PART);
        _setRules(feeShareBps_, weights_);
    }

    /// @inheritdoc IRewardPool
    function weights() external view returns (ClassWeight[] memory) {
        return _rules[_rules.length - 1];
    }

    /// @inheritdoc IRewardPool
    function weightsOf(uint256 epoch) external view returns (ClassWeight[] memory) {
        uint32 rules = _epochs[epoch].rules;
        return _rules[(rules != 0 ? rules : _rules.length) - 1];
    }

    /// @inheritdoc IRewardPool
    function epochOf(uint256 epoch) external view returns (RewardEpoch memory) {
        return _epochs[epoch];
    }

    /// @inheritdoc IRewardPool
    function momentsOf(uint256 epoch) external view returns (uint256[] memory moments) {
        RewardEpoch storage record = _drawn(epoch);
        moments = new uint256[](MOMENTS);
        for (uint256 i = 0; i < MOMENTS; ++i) {
            moments[i] = _moment(epoch, record.seed, i);
        }
    }

    /// @inheritdoc IRewardPool
    function observedOf(
        uint256 epoch,
        MinerId minerId,
        ResourceId resource
    ) external view returns (Observed memory) {
        return _observed[epoch][minerId][resource];
    }

    /// @inheritdoc IRewardPool
    function setRules(uint16 feeShareBps_, ClassWeight[] calldata weights_) external onlyOwner {
        _setRules(feeShareBps_, weights_);
    }

    /// @inheritdoc IRewardPool
    function grant(uint256 amount) external nonReentrant {
        _requireNotZero(amount);
        uint256 expected = _held() + amount;
        free += amount;
        emit Granted(msg.sender, amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
        _requireHeld(expected);
    }

    /// @inheritdoc IRewardPool
    function collect() external nonReentrant {
        // A treasury locks nothing
        // slither-disable-next-line unused-return
        (uint256 fees, ) = IEscrow(market).accountOf(address(this));
        _requireNotZero(fees);
        uint256 kept = fees.shareDown(feeShareBps);
        uint256 expected = _held() + kept;
        free += kept;
        emit FeesCollected(kept, fees - kept);
        if (kept != 0) IEscrow(market).withdraw(address(this), kept);
        if (kept != fees) IEscrow(market).withdraw(treasury, fees - kept);
        _requireHeld(expected);
    }

    /// @inheritdoc IRewardPool
    function read(MinerId[] calldata minerIds) external {
        uint256 epoch = currentEpoch();
        RewardEpoch storage record = _epochs[epoch];
        // Each needs a vote: there are never 2^32
        if (record.rules == 0) record.rules = uint32(_rules.length);
        address[] memory accounts = new address[](minerIds.length);
        for (uint256 i = 0; i < minerIds.length; ++i) {
            accounts[i] = IComputeMarket(market).minerOf(minerIds[i]);
            require(accounts[i] != address(0), UnknownMiner(minerIds[i]));
            uint256 paid = IComputeMarket(market).minerStatus(accounts[i]).feesPaid;
            record.fees += _fees[epoch][minerIds[i]].see(paid);
        }
        ClassWeight[] storage classes = _rules[record.rules - 1];
        uint256 count = classes.length;
        for (uint256 i = 0; i < count; ++i) {
            _readClass(epoch, classes[i].resource, minerIds, accounts);
        }
    }

    /// @inheritdoc IRewardPool
    function prepareDraw(uint256 epoch) external {
        uint256 ends = _start(epoch + 1);
        require(block.timestamp >= ends, EpochNotOver(epoch, ends));
        RewardEpoch storage record = _epochs[epoch];
        require(record.rules != 0, EpochNotRead(epoch));
        require(record.drawnAt == 0, AlreadyDrawn(epoch));
        uint256 named = record.seedBlock;
        require(named == 0 || block.number > named + HASHES, DrawPending(epoch, named));
        // Blocks are numbered with 64 bits
        record.seedBlock = uint64(block.number + DRAW_DELAY);
        emit DrawPrepared(epoch, record.seedBlock);
    }

    /// @inheritdoc IRewardPool
    function draw(uint256 epoch) external {
        RewardEpoch storage record = _epochs[epoch];
        require(record.drawnAt == 0, AlreadyDrawn(epoch));
        uint256 named = record.seedBlock;
        require(named != 0, DrawNotPrepared(epoch));
        require(block.number > named, DrawPending(epoch, named));
        bytes32 seed = block.number > named + HASHES ? bytes32(0) : blockhash(named);
        require(seed != 0, DrawNotPrepared(epoch));
        (record.seed, record.drawnAt) = (seed, uint40(block.timestamp));
        uint256 wanted = _wanted(epoch, record);
        uint256 granted = Math.min(wanted, free);
        (record.wanted, record.granted) = (wanted, granted);
        // No more than all limits together: or who raises the formula's values would bind what others could get.
        uint256 bound = Math.min(granted, _mostClaimed(record.fees));
        record.reserved = bound;
        free -= bound;
        reserved += bound;
        emit Drawn(epoch, seed, wanted, granted, bound);
    }

    /// @inheritdoc IRewardPool
    function claim(uint256 epoch, MinerId minerId) external nonReentrant {
        RewardEpoch storage record = _drawn(epoch);
        uint256 ends = _claimsEnd(record);
        require(block.timestamp <= ends, ClaimsEnded(epoch, ends));
        FeesSeen storage fees = _fees[epoch][minerId];
        require(!fees.claimed, AlreadyClaimed(epoch, minerId));
        uint256 amount = rewardOf(epoch, minerId);
        require(amount != 0, NothingDue(epoch, minerId));
        fees.claimed = true;
        record.claimed += amount;
        reserved -= amount;
        address account = IComputeMarket(market).minerOf(minerId);
        address payout = IComputeMarket(market).minerAccount(account).payout;
        _requireRecipient(payout);
        emit RewardClaimed(epoch, minerId, payout, amount);
        _token.safeTransfer(payout, amount);
    }

    /// @inheritdoc IRewardPool
    function returnUnclaimed(uint256 epoch) external {
        RewardEpoch storage record = _drawn(epoch);
        uint256 ends = _claimsEnd(record);
        require(block.timestamp > ends, ClaimsNotEnded(epoch, ends));
        require(!record.returned, AlreadyReturned(epoch));
        uint256 unclaimed = record.reserved - record.claimed;
        record.returned = true;
        reserved -= unclaimed;
        free += unclaimed;
        emit UnclaimedReturned(epoch, unclaimed);
    }

    /// @inheritdoc IRewardPool
    function currentEpoch() public view returns (uint256) {
        return (block.timestamp - genesis) / epochLength;
    }

    /// @inheritdoc IRewardPool
    function limitOf(uint256 epoch, MinerId minerId) public view returns (uint256) {
        return _scale.valueDown(_fees[epoch][minerId].paid(), BILLIONTH) / 2;
    }

    /// @inheritdoc IRewardPool
    function rewardOf(uint256 epoch, MinerId minerId) public view returns (uint256 reward) {
        RewardEpoch storage record = _drawn(epoch);
        uint256 limit = limitOf(epoch, minerId);
        if (limit == 0) return 0;
        ClassWeight[] storage classes = _rules[record.rules - 1];
        uint256 count = classes.length;
        for (uint256 i = 0; i < count; ++i) {
            for (uint256 j = 0; j < MOMENTS; ++j) {
                reward += _part(epoch, record, minerId, classes[i], j);
            }
        }
        return Math.min(reward, limit);
    }

    function _setRules(uint16 feeShareBps_, ClassWeight[] memory weights_) private {
        Bounds.requireWithin(feeShareBps_, 0, MOST_FEE_SHARE);
        require(weights_.length <= MOST_CLASSES, TooManyClasses(MOST_CLASSES));
        ClassWeight[] storage added = _rules.push();
        uint32 last = 0;
        for (uint256 i = 0; i < weights_.length; ++i) {
            ResourceId resource = weights_[i].resource;
            require(ResourceId.unwrap(resource) > last, ResourceNotAscending(resource));
            last = ResourceId.unwrap(resource);
            // Reverts for one that isn't known
            // slither-disable-next-line unused-return
            IComputeMarket(market).resourceClass(resource);
            _requireNotZero(weights_[i].units);
            added.push(weights_[i]);
        }
        feeShareBps = feeShareBps_;
        emit RulesChanged(feeShareBps_, weights_);
    }

    function _readClass(
        uint256 epoch,
        ResourceId resource,
        MinerId[] calldata minerIds,
        address[] memory accounts
    ) private {
        Checkpoints.Trace208 storage trace = _classes[epoch][resource];
        uint256 units = _unpacked(trace.latest()).units;
        uint96 price = IComputeMarket(market).priceOf(resource);
        for (uint256 i = 0; i < minerIds.length; ++i) {
            (uint64 before, uint64 counted) = _readOffer(
                epoch,
                resource,
                minerIds[i],
                accounts[i],
                price
            );
            units = units - before + counted;
        }
        // The formula needs no more
        // slither-disable-next-line unused-return
        (, uint256 published, uint256 demanded, ) = IComputeMarket(market).supplyOf(resource);
        uint256 both = published + demanded;
        uint256 rate = both == 0 ? 0 : (published * price) / both;
        // The rate is at most the price; units of 2^32 miners with 64 bits each need 96
        // slither-disable-next-line unused-return
        trace.push(uint48(block.timestamp), uint208((units << 96) | rate));
    }

    /// @return before The miner's units that counted until now
    /// @return counted Those that count from now on
    function _readOffer(
        uint256 epoch,
        ResourceId resource,
        MinerId minerId,
        address account,
        uint96 price
    ) private returns (uint64 before, uint64 counted) {
        Offer memory offer = IComputeMarket(market).offerOf(account, resource);
        bool sells = block.timestamp <= offer.validUntil && offer.ask <= price;
        uint64 seen = sells ? offer.published : 0;
        Observed memory observed = _observed[epoch][minerId][resource];
        before = observed.counted;
        observed.see(seen, settling);
        _observed[epoch][minerId][resource] = observed;
        counted = observed.counted;
        if (counted != before) {
            // Where it stands in the list does not matter; times fit in 48 bits for long
            // slither-disable-next-line unused-return
            _counted[epoch][minerId][resource].push(uint48(block.timestamp), counted);
        }
        emit CapacityRead(epoch, minerId, resource, seen, counted);
    }

    /// @dev What the formula makes of all classes and moments in which something counts, in base units
    function _wanted(
        uint256 epoch,
        RewardEpoch storage record
    ) private view returns (uint256 wanted) {
        ClassWeight[] storage classes = _rules[record.rules - 1];
        uint256 count = classes.length;
        for (uint256 i = 0; i < count; ++i) {
            for (uint256 j = 0; j < MOMENTS; ++j) {
                (uint256 size, ) = _size(epoch, classes[i], _moment(epoch, record.seed, j));
                wanted += size;
            }
        }
    }

    /// @dev At least the sum of all limits
    /// @param fees In 10^-9 token
    function _mostClaimed(uint112 fees) private view returns (uint256) {
        if (fees > type(uint64).max) return type(uint256).max;
        // Fits, as just seen
        return _scale.valueDown(uint64(fees), BILLIONTH) / 2;
    }

    /// @dev What a miner gets for a class at a moment, but for its limit
    function _part(
        uint256 epoch,
        RewardEpoch storage record,
        MinerId minerId,
        ClassWeight storage class,
        uint256 number
    ) private view returns (uint256) {
        uint256 moment = _moment(epoch, record.seed, number);
        uint256 counted = _counted[epoch][minerId][class.resource].upperLookup(uint48(moment));
        if (counted > 0) {
            (uint256 size, uint256 units) = _size(epoch, class, moment);
            if (size > 0) {
                uint256 granted = Math.mulDiv(record.granted, size, record.wanted);
                return Math.mulDiv(granted, counted, units);
            }
        }
        return 0;
    }

    /// @dev The reward of a class for a moment, in base units, and the units that share it
    function _size(
        uint256 epoch,
        ClassWeight storage class,
        uint256 moment
    ) private view returns (uint256 size, uint256 units) {
        uint208 packed = _classes[epoch][class.resource].upperLookup(uint48(moment));
        ClassState memory state = _unpacked(packed);
        units = state.units;
        if (units != 0) size = _scale.valueDown(class.units, state.rate) / MOMENTS;
    }

    function _moment(uint256 epoch, bytes32 seed, uint256 number) private view returns (uint256) {
        return _start(epoch) + (uint256(keccak256(abi.encode(seed, number))) % epochLength);
    }

    function _start(uint256 epoch) private view returns (uint256) {
        return genesis + epoch * epochLength;
    }

    function _claimsEnd(RewardEpoch storage record) private view returns (uint256) {
        return record.drawnAt + CLAIM_EPOCHS * epochLength;
    }

    function _drawn(uint256 epoch) private view returns (RewardEpoch storage record) {
        record = _epochs[epoch];
        require(record.drawnAt != 0, NotDrawn(epoch));
    }

    function _held() private view returns (uint256) {
        return SafeTransferLib.balanceOf(_token, address(this));
    }

    function _requireHeld(uint256 expected) private view {
        uint256 held = _held();
        require(held == expected, IEscrow.DeliveryMismatch(expected, held));
    }

    function _unpacked(uint208 packed) private pure returns (ClassState memory) {
        return ClassState(packed >> 96, uint96(packed));
    }
}
