// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MinerId, ResourceId} from "../contracts/types/Ids.sol";
import {Lot} from "../contracts/types/Lot.sol";

/// @title Capacity of leased classes, taken in lots by operators that a miner permits
/// @notice An operator is a contract that sells time or space, such as payment channels. The market keeps the
/// capacity: it reserves a lot's units, counts them as demand and tells the price. The operator keeps the money.
/// @dev All that an operator can do to a miner is to keep reserved what its valid offers in leased classes have free,
/// for as long ahead as the miner's payout permitted. It can't reach stake, money, judged classes or others' lots.
interface ILeasing {
    /// @notice The miner's payout has not permitted this operator
    error OperatorNotPermitted(MinerId minerId, address operator);
    /// @notice Only classes of the leased kind have lots
    error ResourceNotLeased(ResourceId resource);
    error LotExists(address operator, bytes32 lot);
    error NoLot(address operator, bytes32 lot);
    error LotLapsed(uint40 busyUntil);
    /// @notice A lot ends after now (an extended one after its former end), no further ahead than is permitted
    error LotEndOutOfBounds(uint40 busyUntil, uint40 earliest, uint40 latest);

    event OperatorPermitted(MinerId indexed minerId, address indexed operator, uint32 longest);
    event LotTaken(
        address indexed operator,
        bytes32 indexed lot,
        MinerId indexed minerId,
        ResourceId resource,
        uint64 units,
        uint96 price,
        uint40 busyUntil
    );
    event LotExtended(
        address indexed operator,
        bytes32 indexed lot,
        MinerId indexed minerId,
        uint96 price,
        uint40 busyUntil
    );
    /// @notice The lot's units are for sale again: freed by its operator, or pruned
    event LotFreed(address indexed operator, bytes32 indexed lot, MinerId indexed minerId);

    /// @notice How far ahead an operator may take a miner's capacity, in seconds; 0: not at all
    function longestLot(MinerId minerId, address operator) external view returns (uint32);

    /// @notice A lot by its operator and the key that the operator gave it; all zero if there is none
    function lotOf(address operator, bytes32 lot) external view returns (Lot memory);

    /// @notice Let an operator take the miner's leased capacity; by its payout. The miner may only permit less.
    /// @dev Permitting less, or nothing, ends no lot: what was taken stays taken until its end.
    /// Reverts: NotRegistered, NotMinerOrPayout, NotPayout, OutOfBounds. Emits OperatorPermitted.
    /// @param longest How far ahead, in seconds; 0: not at all
    function permitOperator(address miner, address operator, uint32 longest) external;

    /// @notice Take units of a miner's offer until `busyUntil`; by an operator it permits
    /// @dev The operator answers for whom it sells to: an offer's `verifiedOnly` is not asked here. Reverts: EnforcedPause, ZeroAmount, UnknownResource, ResourceRetired, ResourceNotLeased, BidBelowFloor,
    /// OperatorNotPermitted, LotEndOutOfBounds, LotExists, OfferExpired, InsufficientCapacity, AskAboveBid,
    /// SafeCastOverflowedUintDowncast. Emits LotTaken.
    /// @param lot The operator's own key for it
    /// @param maxPrice Bid, in 10^-18 token per unit
    /// @return price The model's, clamped to [ask, bid]: the operator holds to it
    /// @return unitSeconds How long a unit of the class lasts
    function takeLot(
        bytes32 lot,
        MinerId minerId,
        ResourceId resource,
        uint64 units,
        uint96 maxPrice,
        uint40 busyUntil
    ) external returns (uint96 price, uint32 unitSeconds);

    /// @notice Keep a lot for longer, at today's price for the time added; by its operator, before it has lapsed
    /// @dev Reverts: EnforcedPause, NoLot, LotLapsed, UnknownResource, ResourceRetired, ResourceNotLeased, BidBelowFloor,
    /// OperatorNotPermitted, LotEndOutOfBounds, OfferExpired, AskAboveBid. Emits LotExtended.
    function extendLot(
        bytes32 lot,
        uint96 maxPrice,
        uint40 busyUntil
    ) external returns (uint96 price, uint32 unitSeconds);

    /// @notice Give a lot back; by its operator, at any time. Does nothing if it is gone, as when it was pruned.
    /// @dev Emits LotFreed.
    function freeLot(bytes32 lot) external;

    /// @notice Give back those that have lapsed; by anyone. Leaves the others alone.
    /// @dev Emits LotFreed for each.
    function pruneLots(address operator, bytes32[] calldata lots) external;
}
