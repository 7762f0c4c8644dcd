// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IIdentityVerifier} from "../interfaces/IIdentityVerifier.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {
    Attestation,
    Attested,
    Subject,
    minerSubject,
    requesterSubject
} from "./types/Attestation.sol";
import {MinerId} from "./types/Ids.sol";

/// @title The identity verifier that attestors keep
/// @dev Attestations are signed under the market's EIP-712 domain, as all messages are, and name the registry.
contract IdentityRegistry is Ownable2Step, IIdentityRegistry {
    /// @dev A verification that asks all of them stays far below the gas that the market gives it.
    uint256 private constant MOST_ATTESTORS = 8;
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    address public immutable market;
    uint8 public immutable leastLevel;

    Attestor[] private _attestors;
    mapping(Subject subject => mapping(address attestor => Attested)) private _attested;

    /// @param market_ Under whose domain attestations are signed
    /// @param owner Makes and ends attestors
    /// @param leastLevel_ From which somebody is verified
    /// @param attestors_ Those at first
    constructor(
        address market_,
        address owner,
        uint8 leastLevel_,
        address[] memory attestors_
    ) Ownable(owner) {
        market = market_;
        leastLevel = leastLevel_;
        for (uint256 i = 0; i < attestors_.length; ++i) {
            _add(attestors_[i]);
        }
    }

    /// @inheritdoc IIdentityVerifier
    function isVerified(uint32 minerId, uint32 tenure) external view returns (bool) {
        return _isVerified(minerSubject(minerId, tenure));
    }

    /// @inheritdoc IIdentityVerifier
    function isVerified(address account) external view returns (bool) {
        return _isVerified(requesterSubject(account));
    }

    /// @inheritdoc IIdentityRegistry
    function attestors() external view returns (Attestor[] memory) {
        return _attestors;
    }

    /// @inheritdoc IIdentityRegistry
    function attestorSince(address account) external view returns (uint40) {
        (bool found, uint256 place) = _find(account);
        return found ? _attestors[place].since : 0;
    }

    /// @inheritdoc IIdentityRegistry
    function attestedOfMiner(
        address attestor,
        MinerId minerId,
        uint32 tenure
    ) external view returns (Attested memory) {
        return _attested[minerSubject(MinerId.unwrap(minerId), tenure)][attestor];
    }

    /// @inheritdoc IIdentityRegistry
    function attestedOfRequester(
        address attestor,
        address requester
    ) external view returns (Attested memory) {
        return _attested[requesterSubject(requester)][attestor];
    }

    /// @inheritdoc IIdentityRegistry
    function addAttestor(address attestor) external onlyOwner {
        _add(attestor);
    }

    /// @inheritdoc IIdentityRegistry
    function removeAttestor(address attestor) external onlyOwner {
        uint256 place = _requireAttestor(attestor);
        _attestors[place] = _attestors[_attestors.length - 1];
        _attestors.pop();
        emit AttestorRemoved(attestor);
    }

    /// @inheritdoc IIdentityRegistry
    function submit(Attestation calldata attestation, bytes calldata signature) external {
        require(attestation.registry == address(this), WrongRegistry(attestation.registry));
        Subject subject = attestation.subject();
        (address attestor, uint40 issued) = (attestation.attestor, attestation.issued);
        uint40 since = _attestors[_requireAttestor(attestor)].since;
        require(issued >= since, IssuedBeforeOffice(issued, since));
        require(issued <= block.timestamp, IssuedInFuture(issued, block.timestamp));
        uint40 validUntil = attestation.validUntil;
        require(block.timestamp <= validUntil, AttestationExpired(validUntil));
        bytes32 digest = _digest(attestation.structHash());
        require(
            Signatures.isValid(attestor, digest, signature),
            InvalidSignature(attestor, digest)
        );
        _attested[subject][attestor].set(attestation);
        if (attestation.isOfMiner()) {
            emit MinerAttested(
                attestation.miner,
                attestation.tenure,
                attestor,
                attestation.level,
                issued,
                validUntil
            );
        } else {
            emit RequesterAttested(
                attestation.requester,
                attestor,
                attestation.level,
                issued,
                validUntil
            );
        }
    }

    /// @inheritdoc IIdentityRegistry
    function revokeMiner(address attestor, MinerId minerId, uint32 tenure) external {
        _revoke(attestor, minerSubject(MinerId.unwrap(minerId), tenure));
        emit MinerRevoked(minerId, tenure, attestor);
    }

    /// @inheritdoc IIdentityRegistry
    function revokeRequester(address attestor, address requester) external {
        _revoke(attestor, requesterSubject(requester));
        emit RequesterRevoked(requester, attestor);
    }

    function _add(address attestor) private {
        require(attestor != address(0), ZeroAttestor());
        (bool found, ) = _find(attestor);
        require(!found, AlreadyAttestor(attestor));
        require(_attestors.length < MOST_ATTESTORS, TooManyAttestors(MOST_ATTESTORS));
        // Seconds since 1970 need 40 bits in 36,812
        _attestors.push(Attestor(attestor, uint40(block.timestamp)));
        emit AttestorAdded(attestor);
    }

    function _revoke(address attestor, Subject subject) private {
        require(
            msg.sender == attestor || msg.sender == owner(),
            NotAttestorOrOwner(msg.sender, attestor)
        );
        _requireAttestor(attestor);
        _attested[subject][attestor].revoke();
    }

    function _isVerified(Subject subject) private view returns (bool) {
        uint256 count = _attestors.length;
        for (uint256 i = 0; i < count; ++i) {
            Attestor memory attestor = _attestors[i];
            Attested memory said = _attested[subject][attestor.account];
            if (said.counts(attestor.since, leastLevel)) return true;
        }
        return false;
    }

    function _requireAttestor(address account) private view returns (uint256 place) {
        bool found;
        (found, place) = _find(account);
        require(found, NotAttestor(account));
    }

    function _find(address account) private view returns (bool found, uint256 place) {
        uint256 count = _attestors.length;
        for (; place < count; ++place) {
            if (_attestors[place].account == account) return (true, place);
        }
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Suanli"), keccak256("1"), block.chainid, market)
        );
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }
}
