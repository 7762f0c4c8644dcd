// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IStorageDeals} from "../../interfaces/IStorageDeals.sol";
import {MinerId, ResourceId} from "./Ids.sol";

using StorageDealLibrary for StorageDeal global;
using StorageQuoteLibrary for StorageQuote global;
using KeepingLibrary for Keeping global;

/// @notice A miner that has verified the bytes offers to keep them; the EIP-712 digest under the market's domain is the
/// deal's id
struct StorageQuote {
    /// The contract that it is for
    address storageDeals;
    /// Who may open the deal, and pays
    address requester;
    /// Who keeps the bytes; its account signs the quote
    MinerId miner;
    /// A leased class
    ResourceId resource;
    /// Of the class, kept free for the bytes as a lot
    uint64 units;
    /// Of the tree over the bytes, as ByteTree defines it
    bytes32 root;
    /// Bytes
    uint64 size;
    /// Seconds; each period is proved, and paid, by itself
    uint32 period;
    /// How many
    uint32 periods;
    /// Leaves in each proof
    uint8 samples;
    /// What a period that is not proved costs the miner, in base units
    uint112 collateral;
    /// Bid, in 10^-18 token per unit
    uint96 maxPrice;
    /// Above that of the last deal that the requester opened
    uint32 nonce;
    /// Last second at which it can be opened
    uint40 validUntil;
}

/// @notice All that was fixed when a deal was opened; callers keep it, the contract keeps its hash
struct StorageDeal {
    StorageQuote quote;
    /// For each period, the fee included, in base units
    uint112 pay;
    uint40 openedAt;
}

/// @dev What changes of a deal
struct Keeping {
    // one slot
    bool open;
    /// Periods, from the first on
    uint32 proved;
    /// The block whose hash draws the leaves of the period that is to be proved; 0: not named
    uint64 named;
}

/// @notice Derived from what is stored, and time
enum StorageStatus {
    /// Never opened, or ended
    None,
    /// A period runs
    Kept,
    /// A period is over, and the miner may prove it
    Due,
    /// A period was not proved in time: anybody may settle
    Missed
}

/// @notice Where a deal stands
struct StorageView {
    StorageStatus status;
    uint32 proved;
    uint64 named;
    /// When the period that is to be proved is over, in seconds since 1970
    uint40 over;
    /// Last second at which it may be proved
    uint40 until;
}

/// @notice A leaf's bytes, and the hashes beside its way to the root, from below
struct LeafProof {
    bytes data;
    bytes32[] path;
}

library StorageQuoteLibrary {
    bytes32 private constant TYPEHASH = keccak256(
        "StorageQuote(address storageDeals,address requester,uint32 miner,uint32 resource,uint64 units,bytes32 root,"
        "uint64 size,uint32 period,uint32 periods,uint8 samples,uint112 collateral,uint96 maxPrice,uint32 nonce,"
        "uint40 validUntil)"
    );

    /// @dev Hashed as it came: encoding it anew would cost as much as a cold slot.
    function structHash(StorageQuote calldata self) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typehash)
            calldatacopy(add(words, 0x20), self, 0x1c0)
            hash := keccak256(words, 0x1e0)
        }
    }
}

library StorageDealLibrary {
    /// @notice Where its keeping is stored; a record with anything else in it has none
    function key(StorageDeal memory self) internal pure returns (bytes32) {
        return keccak256(abi.encode(self));
    }

    /// @notice The same of a record that came, hashed as it came
    function keyOf(StorageDeal calldata self) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, self, 0x200)
            hash := keccak256(words, 0x200)
        }
    }

    /// @notice When a period is over, the first being 0
    function endOf(StorageDeal calldata self, uint256 period) internal pure returns (uint256) {
        return self.openedAt + (period + 1) * self.quote.period;
    }

    /// @notice Periods that have begun
    function begun(StorageDeal calldata self) internal view returns (uint256 count) {
        count = (block.timestamp - self.openedAt) / self.quote.period + 1;
        if (count > self.quote.periods) count = self.quote.periods;
    }
}

/// @title Transitions of a deal
library KeepingLibrary {
    function begin(Keeping storage self) internal {
        self.open = true;
    }

    /// @notice The next block's hash will draw the leaves
    /// @return named Blocks are numbered with 64 bits
    function name(Keeping storage self) internal returns (uint64 named) {
        require(self.named == 0, IStorageDeals.NamedAlready(self.named));
        named = uint64(block.number) + 1;
        self.named = named;
    }

    /// @notice A further period is proved
    function pass(Keeping storage self) internal {
        // Fewer than the quote's periods until then
        (self.proved, self.named) = (self.proved + 1, 0);
    }

    function end(Keeping storage self) internal {
        (self.open, self.proved, self.named) = (false, 0, 0);
    }
}
