// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ResourceId, TermsId} from "../contracts/types/Ids.sol";
import {ResourceClass} from "../contracts/types/ResourceClass.sol";
import {Terms} from "../contracts/types/Terms.sol";
import {IPriceModel} from "./IPriceModel.sol";

/// @title What the owner sets, and the pause
interface IGovernance {
    error RuntimeAlreadyPermitted(ResourceId resource, bytes32 runtimeId);
    /// @notice A parameter set at deployment or by governance lies outside its bounds
    error OutOfBounds(uint256 value, uint256 minimum, uint256 maximum);
    /// @notice The address has no code, so it can't be a price model, verifier, or extension
    error NotAContract(address account);
    error NotOwnerOrGuardian(address caller);
    /// @notice The guardian has paused already since it was appointed
    error GuardianSpent(address guardian);
    /// @notice There is no new business, unless the owner ends the pause
    error EnforcedPause();
    error ExpectedPause();

    event ResourceClassAdded(ResourceId indexed resource, string unit);
    event ResourceClassRetired(ResourceId indexed resource);
    event PriceModelChanged(ResourceId indexed resource, IPriceModel priceModel);
    /// @param runtime Its index in the class's list, by which requests name it
    event RuntimePermitted(ResourceId indexed resource, uint16 runtime, bytes32 indexed runtimeId);
    event TermsAdded(TermsId indexed terms);
    event TermsRetired(TermsId indexed terms);
    event GuardianChanged(address guardian);
    event Paused(address account, uint40 until);
    /// @notice New requests and deals can't name the runtime, or can again
    event RuntimeSuspended(ResourceId indexed resource, uint16 indexed runtime, bool suspended);
    event Unpaused(address account);

    /// @notice Number of classes; their ids run from 1 to this number
    function resourceCount() external view returns (uint32);

    /// @notice The ids of the runtimes that may run a class's tasks; requests name one by its index. None ever
    /// moves.
    /// @dev Reverts: UnknownResource.
    function runtimesOf(ResourceId resource) external view returns (bytes32[] memory runtimeIds);

    /// @notice Number of records; they are numbered from 1
    function termsCount() external view returns (uint32);

    /// @notice May pause new business once for each appointment, and nothing else; zero: nobody
    function guardian() external view returns (address);

    /// @notice Whether it has paused since it was appointed
    function guardianSpent() external view returns (bool);

    /// @notice Last second of the last pause, in seconds since 1970; 0: there was none, or it was ended
    function pausedUntil() external view returns (uint40);

    /// @notice Whether new requests and deals can't name a runtime of a class, by its index
    function isRuntimeSuspended(ResourceId resource, uint16 runtime) external view returns (bool);

    /// @notice Whether there is no new business now: no posts and confirmations, no lots taken or extended
    function paused() external view returns (bool);

    /// @notice Add a class (owner). Ids are given in order, from 1.
    /// @dev Reverts: OwnableUnauthorizedAccount, NotAContract, OutOfBounds, RuntimeAlreadyPermitted. Emits
    /// ResourceClassAdded, RuntimePermitted.
    /// @param unit What one unit is, for people
    /// @param class Its `runtimes` must be 0: they are counted here
    /// @param runtimeIds Runtime ids permitted from the start (judged classes)
    function addResourceClass(
        ResourceClass calldata class,
        string calldata unit,
        bytes32[] calldata runtimeIds
    ) external returns (ResourceId resource);

    /// @notice Permit one more runtime id (owner), at the end of the class's list. It stays permitted.
    /// @dev Reverts: OwnableUnauthorizedAccount, UnknownResource, RuntimeAlreadyPermitted. Emits RuntimePermitted.
    function permitRuntime(ResourceId resource, bytes32 runtimeId) external;

    /// @notice Keep new requests and deals from naming a runtime, as when it is found broken, or let them again (owner)
    /// @dev Live deals go on. Reverts: OwnableUnauthorizedAccount, UnknownResource, UnknownRuntime. Emits
    /// RuntimeSuspended.
    function setRuntimeSuspended(ResourceId resource, uint16 runtime, bool suspended) external;

    /// @notice Replace the price model (owner). Deals keep their price; bids and asks still bound new ones.
    /// @dev Reverts: OwnableUnauthorizedAccount, NotAContract, UnknownResource. Emits PriceModelChanged.
    function setPriceModel(ResourceId resource, IPriceModel priceModel) external;

    /// @notice End new business in a class (owner), for ever. Live deals go on.
    /// @dev Reverts: OwnableUnauthorizedAccount, UnknownResource, ResourceRetired. Emits ResourceClassRetired.
    function retireResourceClass(ResourceId resource) external;

    /// @notice Add a record (owner). Each value has its bounds; see the specification. A court that is a contract is
    /// asked for its least times, see `ILeastTimes`.
    /// @dev Reverts: OwnableUnauthorizedAccount, ZeroAddress, InvalidRecipient, NotAContract, OutOfBounds. Emits TermsAdded.
    function addTerms(Terms calldata record) external returns (TermsId terms);

    /// @notice End new business under a record (owner), for ever. Live deals keep it.
    /// @dev Reverts: OwnableUnauthorizedAccount, UnknownTerms, RetiredTerms. Emits TermsRetired.
    function retireTerms(TermsId terms) external;

    /// @notice Appoint a guardian, or the same one anew (owner); zero: nobody
    /// @dev Reverts: OwnableUnauthorizedAccount. Emits GuardianChanged.
    function setGuardian(address guardian) external;

    /// @notice Stop new business, and nothing else, for 14 days from now: by the owner as often as it likes, by the
    /// guardian once for each time it was appointed
    /// @dev Reverts: NotOwnerOrGuardian, GuardianSpent. Emits Paused.
    function pause() external;

    /// @notice Let new business in again before a pause is over (owner)
    /// @dev Reverts: OwnableUnauthorizedAccount, ExpectedPause. Emits Unpaused.
    function unpause() external;
}
