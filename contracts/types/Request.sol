// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MinerId, ResourceId, TermsId} from "./Ids.sol";
import {Scale} from "./Scale.sol";

using RequestLibrary for Request global;

/// @notice What a requester signs or posts; EIP-712, in this order
struct Request {
    /// Who pays
    address requester;
    /// Number of the miner that may confirm; 0: any
    MinerId miner;
    /// Resource class
    ResourceId resource;
    /// Index of the runtime that runs the tasks, in the class's list
    uint16 runtime;
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
    TermsId terms;
    /// Bit 0: identity-verified miners only; the others must be 0
    uint16 flags;
    /// The requester's epoch when it was made
    uint32 epoch;
    /// Tells apart requests that are otherwise alike
    uint64 salt;
}

/// @title What follows from a request alone
library RequestLibrary {
    bytes32 private constant TYPEHASH = keccak256(
        "Request(address requester,uint32 miner,uint32 resource,uint16 runtime,uint64 units,uint96 maxPrice,uint40 confirmBy,uint32 duration,uint32 tasks,bytes32 job,uint32 terms,uint16 flags,uint32 epoch,uint64 salt)"
    );
    uint16 internal constant VERIFIED_ONLY = 1;
    /// @dev Bytes of a request: 14 words
    uint256 private constant SIZE = 448;

    /// @dev Of the words as they came: one with bits beyond its type gives a hash that no request has.
    function structHash(Request calldata self) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, typehash)
            calldatacopy(add(data, 0x20), self, SIZE)
            hash := keccak256(data, add(SIZE, 0x20))
        }
    }

    /// @notice What it holds from posting or confirmation to its end, in base units
    function lockOf(Request calldata self, Scale scale) internal pure returns (uint256) {
        return scale.valueUp(self.units, self.maxPrice);
    }

    /// @notice Whether the miner with this number may confirm
    function isFor(Request calldata self, MinerId minerId) internal pure returns (bool) {
        return self.miner.isNone() || self.miner == minerId;
    }

    /// @notice What its tasks may use together
    function mostUnits(Request calldata self, uint64 maxTaskUnits) internal pure returns (uint256) {
        // 32 and 64 bits
        return uint256(self.tasks) * maxTaskUnits;
    }

    function wantsVerified(Request calldata self) internal pure returns (bool) {
        return self.flags & VERIFIED_ONLY != 0;
    }
}
