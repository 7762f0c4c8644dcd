// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MinerId, ResourceId} from "../contracts/types/Ids.sol";
import {ClassWeight, Observed, RewardEpoch} from "../contracts/types/Reward.sol";

/// @title Rewards for published capacity, out of what the pool holds
/// @notice A terms record names the pool as its treasury. Of the fees that it receives it keeps a share and passes on
/// the rest. Anybody reads what miners publish; after an epoch moments in it are drawn, and what had been read until
/// then divides the epoch's reward. No miner gets more than half of the fees that its own deals paid in the epoch.
interface IRewardPool {
    /// @notice The miner was never registered
    error UnknownMiner(MinerId minerId);
    /// @notice At most so many classes are rewarded
    error TooManyClasses(uint256 most);
    /// @notice The classes of a list stand in it by number, each once
    error ResourceNotAscending(ResourceId resource);
    error EpochNotOver(uint256 epoch, uint256 ends);
    /// @notice Nobody read anything in it: there is nobody to reward
    error EpochNotRead(uint256 epoch);
    error AlreadyDrawn(uint256 epoch);
    /// @notice The block that decides, `number`, can still be used, or is still to come
    error DrawPending(uint256 epoch, uint256 number);
    /// @notice No draw was prepared, or its block is too far back
    error DrawNotPrepared(uint256 epoch);
    error NotDrawn(uint256 epoch);
    error AlreadyClaimed(uint256 epoch, MinerId minerId);
    error NothingDue(uint256 epoch, MinerId minerId);
    error ClaimsEnded(uint256 epoch, uint256 ended);
    error ClaimsNotEnded(uint256 epoch, uint256 ends);
    error AlreadyReturned(uint256 epoch);

    event RulesChanged(uint16 feeShareBps, ClassWeight[] weights);
    event Granted(address indexed from, uint256 amount);
    event FeesCollected(uint256 kept, uint256 passedOn);
    /// @notice A miner was read in a class: what it then sold there at the price or below, and what counts of it now
    event CapacityRead(
        uint256 indexed epoch,
        MinerId indexed minerId,
        ResourceId indexed resource,
        uint64 seen,
        uint64 counted
    );
    event DrawPrepared(uint256 indexed epoch, uint256 number);
    /// @notice `granted` of what the formula wants is there, and `bound` of it can be claimed at most
    event Drawn(
        uint256 indexed epoch,
        bytes32 seed,
        uint256 wanted,
        uint256 granted,
        uint256 bound
    );
    event RewardClaimed(
        uint256 indexed epoch,
        MinerId indexed minerId,
        address payout,
        uint256 amount
    );
    event UnclaimedReturned(uint256 indexed epoch, uint256 amount);

    /// @notice The market whose miners are rewarded; fixed at deployment
    function market() external view returns (address);

    /// @notice Receives the fees that the pool does not keep; fixed at deployment
    function treasury() external view returns (address);

    /// @notice When epoch 0 began, in seconds since 1970
    function genesis() external view returns (uint256);

    /// @notice How long an epoch lasts, in seconds; fixed at deployment
    function epochLength() external view returns (uint256);

    /// @notice How far apart two readings are that make capacity count, in seconds
    function settling() external view returns (uint256);

    /// @notice What is not reserved, in base units
    function free() external view returns (uint256);

    /// @notice What can still be claimed of drawn epochs, at most, in base units
    function reserved() external view returns (uint256);

    /// @notice Share of the fees that the pool keeps, in basis points
    function feeShareBps() external view returns (uint16);

    /// @notice The epoch of now
    function currentEpoch() external view returns (uint256);

    /// @notice The classes that epochs reward which nobody has read anything in yet
    function weights() external view returns (ClassWeight[] memory);

    /// @notice The classes that an epoch rewards; once something was read in it they stay
    function weightsOf(uint256 epoch) external view returns (ClassWeight[] memory);

    function epochOf(uint256 epoch) external view returns (RewardEpoch memory);

    /// @notice The moments that were drawn, in seconds since 1970
    /// @dev Reverts: NotDrawn.
    function momentsOf(uint256 epoch) external view returns (uint256[] memory);

    /// @notice What readings of an epoch have shown of a miner in a class
    function observedOf(
        uint256 epoch,
        MinerId minerId,
        ResourceId resource
    ) external view returns (Observed memory);

    /// @notice Half of the fees that the miner's deals paid between its first and last reading in an epoch, in base units
    function limitOf(uint256 epoch, MinerId minerId) external view returns (uint256);

    /// @notice What a miner gets of a drawn epoch, claimed or not, in base units
    /// @dev Reverts: NotDrawn.
    function rewardOf(uint256 epoch, MinerId minerId) external view returns (uint256);

    /// @notice Set the share of the fees that the pool keeps, at most half, and the classes that are rewarded
    /// @dev Only the owner. Holds for fees collected from now on, and for epochs in which nothing has been read.
    /// Reverts: OwnableUnauthorizedAccount, OutOfBounds, TooManyClasses, ResourceNotAscending, UnknownResource, ZeroAmount.
    /// Emits RulesChanged.
    function setRules(uint16 feeShareBps, ClassWeight[] calldata weights) external;

    /// @notice Give the pool `amount` of the caller's tokens
    /// @dev Requires an allowance. Reverts: ReentrancyGuardReentrantCall, ZeroAmount, TransferFromFailed, DeliveryMismatch.
    /// Emits Granted.
    function grant(uint256 amount) external;

    /// @notice Fetch the fees that the market holds for the pool, keep its share, and send the treasury the rest
    /// @dev Reverts: ReentrancyGuardReentrantCall, ZeroAmount, DeliveryMismatch, and what the market's withdraw does.
    /// Emits FeesCollected.
    function collect() external;

    /// @notice Read what the miners sell now in all classes that the epoch rewards, and the fees that they have paid
    /// @dev By anybody, at any time. What is seen counts from a second reading on, `settling` later or more, as far as no
    /// reading in between saw less; what is seen to be less counts at once. Reverts: UnknownMiner. Emits CapacityRead.
    function read(MinerId[] calldata minerIds) external;

    /// @notice Name the block, a few ahead, whose hash will draw the moments of an epoch that is over
    /// @dev Again, if nobody drew within 256 blocks after it. Reverts: EpochNotOver, EpochNotRead, AlreadyDrawn,
    /// DrawPending. Emits DrawPrepared.
    function prepareDraw(uint256 epoch) external;

    /// @notice Draw the moments, and size the epoch's reward: what the formula makes of them, or what is there
    /// @dev Reverts: AlreadyDrawn, DrawNotPrepared, DrawPending. Emits Drawn.
    function draw(uint256 epoch) external;

    /// @notice Send a miner's payout what it gets of an epoch
    /// @dev By anybody, until four epochs' time after the draw. Reverts: ReentrancyGuardReentrantCall, NotDrawn, ClaimsEnded,
    /// AlreadyClaimed, NothingDue, InvalidRecipient, TransferFailed. Emits RewardClaimed.
    function claim(uint256 epoch, MinerId minerId) external;

    /// @notice Make free what nobody claimed in time
    /// @dev Reverts: NotDrawn, ClaimsNotEnded, AlreadyReturned. Emits UnclaimedReturned.
    function returnUnclaimed(uint256 epoch) external;
}
