// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IIdentityVerifier} from "./IIdentityVerifier.sol";

/// @title Requests for compute, posted or signed, up to their confirmation by a miner
/// @notice A request is one EIP-712 struct (domain "Suanli", version "1"); its id is its EIP-712 digest.
interface IRequestBook {
    struct Request {
        /// Who pays
        address requester;
        /// Who may confirm; zero: any miner
        address miner;
        /// Resource class
        uint32 resource;
        /// Most units the deal may use
        uint64 units;
        /// Bid, in 10^-18 token per unit
        uint96 maxPrice;
        /// Last second at which it can be confirmed
        uint40 confirmBy;
        /// Seconds from confirmation to the result's deadline
        uint32 duration;
        /// Number of tasks in the result tree
        uint32 tasks;
        /// sha2-256 digest of the job's manifest
        bytes32 job;
        /// Number of the Terms record
        uint32 terms;
        /// Bit 0: identity-verified miners only; the others must be 0
        uint16 flags;
        /// The requester's epoch when it was made
        uint32 epoch;
        /// Tells apart requests that are otherwise alike
        uint64 salt;
    }

    /// @notice The first nine are stored; the last four are derived by `stateOf` from time and challenges
    enum State {
        None,
        Posted,
        Confirmed,
        Submitted,
        Settled,
        Cancelled,
        Released,
        Defaulted,
        Overturned,
        Expired,
        Overdue,
        Challenged,
        Settleable
    }

    struct Deal {
        State state;
        /// Number of the miner that confirmed
        uint32 minerId;
        /// Fixed at confirmation, in 10^-18 token per unit
        uint96 price;
        /// The result's deadline; once a result was submitted, when that was. In seconds since 1970.
        uint40 time;
        /// Units the submitted result claims; 0 if it was submitted accepted
        uint64 unitsUsed;
        /// Challenges open at the court
        uint16 openChallenges;
        /// Root of the submitted result's sum tree; 0 if it was submitted accepted
        bytes32 root;
    }

    /// @notice The request is in a state from which this can't be done
    error WrongState(bytes32 id, State state);
    error NotRequester(address caller, address requester);
    error NotNamedMiner(address caller, address named);
    error NotVerified(address miner);
    error InvalidSignature(address signer, bytes32 digest);
    error EpochMismatch(uint32 requested, uint32 current);
    error RequestExpired(uint40 confirmBy);
    error RequestNotExpired(uint40 confirmBy);
    error DurationOutOfBounds(uint32 duration, uint32 minimum, uint32 maximum);
    error UnknownFlags(uint16 flags);
    error NoTasks();
    error NoJob();
    error BidBelowFloor(uint96 maxPrice, uint80 floor);
    error AskAboveBid(uint96 ask, uint96 maxPrice);
    error NotOwnerOrGuardian(address caller);

    event RequestPosted(
        bytes32 indexed id,
        address indexed requester,
        uint32 indexed resource,
        Request request
    );
    event RequestCancelled(bytes32 indexed id, address indexed requester);
    /// @dev What a signed request says stands in the calldata only.
    event RequestConfirmed(
        bytes32 indexed id,
        uint32 indexed minerId,
        address indexed requester,
        uint96 price,
        uint40 deadline
    );
    event EpochAdvanced(address indexed requester, uint32 epoch);
    event IdentityVerifierChanged(IIdentityVerifier identityVerifier);
    event GuardianChanged(address guardian);

    /// @notice Who tells which miners are identity-verified; zero: nobody is
    function identityVerifier() external view returns (IIdentityVerifier);

    /// @notice May pause new business, and nothing else; zero: nobody
    function guardian() external view returns (address);

    /// @notice New requests of `requester` must carry this epoch; posted ones keep theirs
    function epochOf(address requester) external view returns (uint32);

    /// @notice The request's EIP-712 digest
    function requestId(Request calldata request) external view returns (bytes32);

    /// @notice What is stored of a request, by its id
    function dealOf(bytes32 id) external view returns (Deal memory);

    /// @notice The state, with what time and challenges tell
    function stateOf(Request calldata request) external view returns (State);

    /// @notice Put a request on chain and lock units x maxPrice of the caller's balance, rounded up
    function postRequest(Request calldata request) external returns (bytes32 id);

    /// @notice Take back a posted request, or void a signed one; by its requester.
    /// A posted one that expired can be removed by anyone.
    function cancelRequest(Request calldata request) external;

    /// @notice Void all requests the caller has signed up to this epoch and that are not on chain
    function advanceEpoch() external returns (uint32 epoch);

    /// @notice Take a request as the caller's deal: the price is fixed, capacity reserved
    /// @param signature The requester's, by ECDSA or ERC-1271; not read when the request was posted
    function confirmRequest(
        Request calldata request,
        bytes calldata signature
    ) external returns (uint96 price);

    /// @notice Replace the identity verifier (owner); zero: nobody is verified
    function setIdentityVerifier(IIdentityVerifier identityVerifier) external;

    /// @notice Replace the guardian (owner); zero: nobody
    function setGuardian(address guardian) external;

    /// @notice Stop new posts and confirmations, nothing else (owner or guardian)
    function pause() external;

    /// @notice Let new posts and confirmations in again (owner)
    function unpause() external;
}
