// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Attestation, Attested} from "../contracts/types/Attestation.sol";
import {MinerId} from "../contracts/types/Ids.sol";
import {IIdentityVerifier} from "./IIdentityVerifier.sol";

/// @title Whose identity attestors vouch for, behind the question that the market asks
/// @notice Attestors sign off chain, anybody submits. What is attested of a miner is of its number and tenure: it passes
/// neither to a successor nor to who takes a former address. No personal data: who somebody is, only attestors know.
/// @dev Somebody is verified while one attestor, of those that there are now, says so at `leastLevel` or above.
interface IIdentityRegistry is IIdentityVerifier {
    error NotAttestor(address account);
    error AlreadyAttestor(address account);
    error ZeroAttestor();
    /// @notice Each verification may ask all of them, so there are no more
    error TooManyAttestors(uint256 most);
    error WrongRegistry(address registry);
    /// @notice An attestation is either of a miner or of a requester, who has no tenure
    error NotOneSubject();
    error AttestationExpired(uint40 validUntil);
    error IssuedInFuture(uint40 issued, uint256 time);
    /// @notice It was signed before its attestor was made one, perhaps again
    error IssuedBeforeOffice(uint40 issued, uint40 since);
    /// @notice The attestor has said, or revoked, something of the same subject since, or in the same second
    error NotNewer(uint40 issued, uint40 last);
    error InvalidSignature(address signer, bytes32 digest);
    /// @notice Only the attestor itself and the owner revoke
    error NotAttestorOrOwner(address caller, address attestor);

    event AttestorAdded(address indexed attestor);
    event AttestorRemoved(address indexed attestor);
    event MinerAttested(
        MinerId indexed minerId,
        uint32 indexed tenure,
        address indexed attestor,
        uint8 level,
        uint40 issued,
        uint40 validUntil
    );
    event RequesterAttested(
        address indexed requester,
        address indexed attestor,
        uint8 level,
        uint40 issued,
        uint40 validUntil
    );
    event MinerRevoked(MinerId indexed minerId, uint32 indexed tenure, address indexed attestor);
    event RequesterRevoked(address indexed requester, address indexed attestor);

    /// @dev One slot. What was issued before `since`, in an earlier office, does not count.
    struct Attestor {
        address account;
        uint40 since;
    }

    /// @notice The market under whose EIP-712 domain attestations are signed
    function market() external view returns (address);

    /// @notice Least level at which somebody is verified; never changes
    function leastLevel() external view returns (uint8);

    /// @notice Who vouches now, in no order
    function attestors() external view returns (Attestor[] memory);

    /// @notice Since when an account vouches; 0: it does not
    function attestorSince(address account) external view returns (uint40);

    /// @notice What an attestor said last of a miner in a tenure; all zero if nothing
    function attestedOfMiner(
        address attestor,
        MinerId minerId,
        uint32 tenure
    ) external view returns (Attested memory);

    /// @notice What an attestor said last of a requester; all zero if nothing
    function attestedOfRequester(
        address attestor,
        address requester
    ) external view returns (Attested memory);

    /// @notice Let an account vouch, for what it signs from now on (owner)
    /// @dev Reverts: OwnableUnauthorizedAccount, ZeroAttestor, AlreadyAttestor, TooManyAttestors. Emits AttestorAdded.
    function addAttestor(address attestor) external;

    /// @notice End an attestor's office: from then on nothing that it has said counts, for ever (owner)
    /// @dev At once, without a time of grace: it ends because its word is not trusted, and no live deal asks again.
    /// Reverts: OwnableUnauthorizedAccount, NotAttestor. Emits AttestorRemoved.
    function removeAttestor(address attestor) external;

    /// @notice Put on chain what an attestor signed; by anybody
    /// @dev Reverts: WrongRegistry, NotOneSubject, NotAttestor, IssuedBeforeOffice, IssuedInFuture, AttestationExpired,
    /// InvalidSignature, NotNewer. Emits MinerAttested or RequesterAttested.
    function submit(Attestation calldata attestation, bytes calldata signature) external;

    /// @notice Void all that an attestor signed of a miner in a tenure up to now, submitted or not; by it or the owner
    /// @dev Reverts: NotAttestorOrOwner, NotAttestor. Emits MinerRevoked.
    function revokeMiner(address attestor, MinerId minerId, uint32 tenure) external;

    /// @notice Void all that an attestor signed of a requester up to now, submitted or not; by it or the owner
    /// @dev Reverts: NotAttestorOrOwner, NotAttestor. Emits RequesterRevoked.
    function revokeRequester(address attestor, address requester) external;
}
