// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IIdentityRegistry} from "../../interfaces/IIdentityRegistry.sol";
import {MinerId} from "./Ids.sol";

using AttestationLibrary for Attestation global;
using AttestedLibrary for Attested global;

/// @dev Of whom something is attested: a miner by number and tenure, or a requester's account
type Subject is bytes32;

/// @notice What an attestor signs of a miner or of a requester; EIP-712, in this order
struct Attestation {
    /// The registry that it is for
    address registry;
    /// Who vouches
    address attestor;
    /// The miner's number; 0: it is of a requester
    MinerId miner;
    /// The miner's tenure; of a requester 0
    uint32 tenure;
    /// The requester's account; zero: it is of a miner
    address requester;
    /// How much was checked: what each level means is told by the attestors
    uint8 level;
    /// When it was signed: of what one attestor says of one subject the last counts
    uint40 issued;
    /// Last second at which it holds
    uint40 validUntil;
}

/// @notice What an attestor said last of a subject; revoked: `issued` is when that was, the rest 0
struct Attested {
    uint40 issued;
    uint40 validUntil;
    uint8 level;
}

/// @title What follows from an attestation alone
library AttestationLibrary {
    bytes32 private constant TYPEHASH = keccak256(
        "Attestation(address registry,address attestor,uint32 miner,uint32 tenure,address requester,uint8 level,uint40 issued,uint40 validUntil)"
    );

    function structHash(Attestation calldata self) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, self));
    }

    function isOfMiner(Attestation calldata self) internal pure returns (bool) {
        return !self.miner.isNone();
    }

    function subject(Attestation calldata self) internal pure returns (Subject) {
        if (self.isOfMiner()) {
            require(self.requester == address(0), IIdentityRegistry.NotOneSubject());
            return minerSubject(MinerId.unwrap(self.miner), self.tenure);
        }
        bool named = self.requester != address(0) && self.tenure == 0;
        require(named, IIdentityRegistry.NotOneSubject());
        return requesterSubject(self.requester);
    }
}

/// @title Changes of what is attested, and whether it counts
library AttestedLibrary {
    function set(Attested storage self, Attestation calldata said) internal {
        require(said.issued > self.issued, IIdentityRegistry.NotNewer(said.issued, self.issued));
        (self.issued, self.validUntil, self.level) = (said.issued, said.validUntil, said.level);
    }

    function revoke(Attested storage self) internal {
        // Seconds since 1970 need 40 bits in 36,812
        (self.issued, self.validUntil, self.level) = (uint40(block.timestamp), 0, 0);
    }

    function counts(
        Attested memory self,
        uint40 since,
        uint8 leastLevel
    ) internal view returns (bool) {
        return
            block.timestamp <= self.validUntil && self.issued >= since && self.level >= leastLevel;
    }
}

function minerSubject(uint32 minerId, uint32 tenure) pure returns (Subject) {
    // Beyond the 160 bits of an account
    return Subject.wrap(bytes32((1 << 255) | (uint256(minerId) << 32) | tenure));
}

function requesterSubject(address account) pure returns (Subject) {
    return Subject.wrap(bytes32(uint256(uint160(account))));
}
