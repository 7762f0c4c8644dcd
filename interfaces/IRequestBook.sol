// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {State, Deal} from "../contracts/types/Deal.sol";
import {MinerId, ResourceId} from "../contracts/types/Ids.sol";
import {Request} from "../contracts/types/Request.sol";

/// @title Requests for compute, posted or signed, up to their confirmation by a miner
/// @notice A request is one EIP-712 struct (domain "Suanli", version "1"); its id is its EIP-712 digest.
interface IRequestBook {
    /// @notice The request is in a state from which this can't be done
    error WrongState(bytes32 id, State state);
    error NotRequester(address caller, address requester);
    /// @notice Only the miner with the number `named` may do this
    error NotNamedMiner(address caller, MinerId named);
    /// @notice The request is for identity-verified miners
    error MinerNotVerified(MinerId minerId, uint32 tenure);
    /// @notice The offer is for identity-verified requesters
    error RequesterNotVerified(address requester);
    error InvalidSignature(address signer, bytes32 digest);
    error EpochMismatch(uint32 requested, uint32 current);
    error RequestExpired(uint40 confirmBy);
    error RequestNotExpired(uint40 confirmBy);
    error DurationOutOfBounds(uint32 duration, uint32 minimum, uint32 maximum);
    error UnknownFlags(uint16 flags);
    error NoTasks();
    /// @notice The class's list of runtimes ends before this index
    error UnknownRuntime(ResourceId resource, uint16 runtime);
    /// @notice The owner has suspended the runtime for new requests and deals
    error RuntimeUnavailable(ResourceId resource, uint16 runtime);
    /// @notice So many tasks of this class may not use so many units: a result could not be judged
    error UnitsAboveTasks(uint64 units, uint256 most);
    error NoJob();
    error BidBelowFloor(uint96 maxPrice, uint80 floor);
    error AskAboveBid(uint96 ask, uint96 maxPrice);

    event RequestPosted(
        bytes32 indexed id,
        address indexed requester,
        ResourceId indexed resource,
        Request request
    );
    event RequestCancelled(bytes32 indexed id, address indexed requester);
    /// @dev What else a signed request says stands in the calldata only.
    event RequestConfirmed(
        bytes32 indexed id,
        MinerId indexed minerId,
        address indexed requester,
        ResourceId resource,
        uint64 units,
        uint96 price,
        uint40 deadline
    );
    event EpochAdvanced(address indexed requester, uint32 epoch);

    /// @notice New requests of `requester` must carry this epoch; posted ones keep theirs
    function epochOf(address requester) external view returns (uint32);

    /// @notice The request's EIP-712 digest
    function requestId(Request calldata request) external view returns (bytes32);

    /// @notice What is stored of a request, by its id
    function dealOf(bytes32 id) external view returns (Deal memory);

    /// @notice The state, with what time and challenges tell
    function stateOf(Request calldata request) external view returns (State);

    /// @notice Put a request on chain and lock units x maxPrice of the caller's balance, rounded up
    /// @dev Reverts: EnforcedPause, NotRequester, WrongState, RequestExpired, UnknownResource, ResourceRetired,
    /// ResourceLeased, UnknownRuntime, RuntimeUnavailable, UnknownTerms, RetiredTerms, EpochMismatch, ZeroAmount,
    /// NoTasks, UnitsAboveTasks, NoJob, UnknownFlags, DurationOutOfBounds, BidBelowFloor, InsufficientAvailable,
    /// SafeCastOverflowedUintDowncast. Emits RequestPosted.
    function postRequest(Request calldata request) external returns (bytes32 id);

    /// @notice Take back a posted request, or void a signed one; by its requester. A posted one that expired can be
    /// removed by anyone.
    /// @dev Reverts: WrongState, NotRequester, RequestNotExpired. Emits RequestCancelled.
    function cancelRequest(Request calldata request) external;

    /// @notice Void all requests the caller has signed up to this epoch and that are not on chain
    /// @dev Emits EpochAdvanced.
    function advanceEpoch() external returns (uint32 epoch);

    /// @notice Take a request as the caller's deal: the price is fixed, capacity reserved
    /// @dev Reverts: EnforcedPause, WrongState, InvalidSignature, RequestExpired, UnknownResource, ResourceRetired,
    /// ResourceLeased, UnknownRuntime, RuntimeUnavailable, UnknownTerms, RetiredTerms, EpochMismatch, ZeroAmount,
    /// NoTasks, UnitsAboveTasks, NoJob, UnknownFlags, DurationOutOfBounds, BidBelowFloor, NotRegistered,
    /// NotNamedMiner, MinerNotVerified, RequesterNotVerified, OfferExpired, InsufficientCapacity, AskAboveBid,
    /// InsufficientAvailable, SafeCastOverflowedUintDowncast. Emits RequestConfirmed.
    /// @param signature The requester's, by ECDSA or ERC-1271; not read when the request was posted
    function confirmRequest(
        Request calldata request,
        bytes calldata signature
    ) external returns (uint96 price);
}
