// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPaymentChannels} from "../../interfaces/IPaymentChannels.sol";
import {Amounts} from "../libraries/Amounts.sol";
import {MinerId, ResourceId} from "./Ids.sol";

using ChannelLibrary for Channel global;
using EarningsLibrary for Earnings global;
using QuoteLibrary for Quote global;
using StandingLibrary for Standing global;

/// @notice A miner lets a requester open a channel; its EIP-712 digest under the market's domain is the channel's id
struct Quote {
    /// The payment channels that it is for
    address channels;
    /// Who may open the channel, and pays
    address requester;
    /// Whose key alone signs the channel's vouchers
    address signer;
    /// Who is paid; its account signs the quote
    MinerId miner;
    ResourceId resource;
    /// Of a leased class: kept for the requester as a lot. 0: of a judged class, of which nothing is kept
    uint64 units;
    /// Seconds from the opening to the end
    uint32 duration;
    /// Above that of the last channel that the requester opened
    uint32 nonce;
    /// Last second at which it can be opened
    uint40 validUntil;
}

/// @notice All that was fixed when a channel was opened; callers keep it, the contract keeps its hash
struct Channel {
    Quote quote;
    /// The model's, clamped to [ask, bid], in 10^-18 token per unit of the quote's class
    uint96 price;
    uint40 openedAt;
    /// Put in at opening, in base units
    uint112 deposit;
    /// What the lot costs for its whole time if nothing else is paid: a tenth of its price, in base units
    uint112 reserve;
}

/// @dev What changes of a channel
struct Standing {
    // first slot
    /// What the miner has been paid, the fee included, in base units
    uint112 paid;
    /// Put in after the opening, in base units
    uint112 added;
    /// Last second of its time (until 2106); 0: there is no such channel
    uint32 ends;
    // second slot: zero, unless money and time were added
    /// What the time before `since` costs in any case, in base units
    uint112 due;
    /// What the time from then to the end costs in any case, in base units
    uint112 ahead;
    uint32 since;
}

/// @notice Derived from what is stored, and time
enum ChannelStatus {
    /// Never opened, or closed
    None,
    /// Its time runs
    Open,
    /// Its time is over, the notice runs: the miner redeems
    Ending,
    /// Anybody may close it
    Closable
}

/// @notice What channels have paid for a miner, and is still here
struct Earnings {
    // one slot
    /// The miner's, in base units
    uint112 due;
    /// The treasury's, in base units
    uint112 fees;
}

/// @notice Where a channel stands
struct ChannelView {
    ChannelStatus status;
    /// Last second of its time, in seconds since 1970
    uint40 ends;
    /// All that was put in, in base units
    uint112 deposit;
    /// What the miner has been paid, the fee included, in base units
    uint112 paid;
    /// What the time until now costs without any voucher, in base units
    uint112 reserved;
}

/// @notice A voucher with the channel that it is of
struct Redemption {
    Channel channel;
    uint112 amount;
    bytes signature;
}

/// @dev Fees wait beside what they were taken from: so a payment writes one slot, not two.
library EarningsLibrary {
    using Amounts for uint112;

    function add(Earnings storage self, uint256 earned, uint256 fee) internal {
        (uint112 due, uint112 fees) = (self.due, self.fees);
        (self.due, self.fees) = (due.plus(earned), fees.plus(fee));
    }

    function takeDue(Earnings storage self) internal returns (uint112 due) {
        due = self.due;
        self.due = 0;
    }

    function takeFees(Earnings storage self) internal returns (uint112 fees) {
        fees = self.fees;
        self.fees = 0;
    }
}

library QuoteLibrary {
    bytes32 private constant TYPEHASH = keccak256(
        "Quote(address channels,address requester,address signer,uint32 miner,uint32 resource,uint64 units,"
        "uint32 duration,uint32 nonce,uint40 validUntil)"
    );

    /// @dev Hashed as it came: encoding it anew would cost as much as a cold slot.
    function structHash(Quote calldata self) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typehash)
            calldatacopy(add(words, 0x20), self, 0x120)
            hash := keccak256(words, 0x140)
        }
    }
}

library ChannelLibrary {
    /// @notice Where its standing is kept; a record with anything else in it has none
    function key(Channel memory self) internal pure returns (bytes32) {
        return keccak256(abi.encode(self));
    }

    /// @notice The same of a record that came, hashed as it came
    function keyOf(Channel calldata self) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, self, 0x1a0)
            hash := keccak256(words, 0x1a0)
        }
    }
}

/// @title Transitions of a channel
library StandingLibrary {
    using Amounts for uint112;

    function open(Standing storage self, uint40 ends) internal {
        // Fits until 2106
        self.ends = uint32(ends);
    }

    function requireKnown(Standing storage self, bytes32 id) internal view {
        require(self.ends != 0, IPaymentChannels.UnknownChannel(id));
    }

    /// @notice Its time runs
    function requireRunning(Standing storage self, bytes32 id) internal view returns (uint32 ends) {
        ends = self.ends;
        require(ends != 0, IPaymentChannels.UnknownChannel(id));
        require(block.timestamp <= ends, IPaymentChannels.ChannelOver(ends));
    }

    function addMoney(Standing storage self, uint112 amount) internal {
        self.added = self.added.plus(amount);
    }

    /// @param rent What the time added costs in any case
    /// @return reserve What all of its time costs in any case
    function addTime(
        Standing storage self,
        Channel calldata channel,
        uint40 ends,
        uint256 rent
    ) internal returns (uint256 reserve) {
        uint256 whole = self.since == 0 ? channel.reserve : uint256(self.due) + self.ahead;
        uint256 due = self.reserved(channel);
        reserve = whole + rent;
        require(
            reserve <= type(uint112).max,
            IPaymentChannels.DepositBelowReserve(type(uint112).max, reserve)
        );
        // At most the sum just checked; times fit until 2106
        (self.due, self.ahead) = (uint112(due), uint112(reserve - due));
        (self.since, self.ends) = (uint32(block.timestamp), uint32(ends));
    }

    /// @notice End its time now
    function end(Standing storage self, Channel calldata channel) internal {
        if (self.hasMoreTime()) {
            // At most what it was to be in the end
            (self.due, self.ahead) = (uint112(self.reserved(channel)), 0);
        }
        self.ends = uint32(block.timestamp);
    }

    /// @param paid Above what was paid, at most what was put in
    function pay(Standing storage self, uint256 paid) internal {
        self.paid = uint112(paid);
    }

    function close(Standing storage self) internal {
        if (self.hasMoreTime()) (self.due, self.ahead, self.since) = (0, 0, 0);
        (self.paid, self.added, self.ends) = (0, 0, 0);
    }

    /// @notice All that was put in, in base units
    function deposit(
        Standing storage self,
        Channel calldata channel
    ) internal view returns (uint256) {
        return uint256(channel.deposit) + self.added;
    }

    /// @dev Time comes with money only: most channels need no second slot.
    function hasMoreTime(Standing storage self) internal view returns (bool) {
        return self.added != 0 && self.since != 0;
    }

    /// @notice What the channel's time costs until now in any case: rounded down
    function reserved(
        Standing storage self,
        Channel calldata channel
    ) internal view returns (uint256) {
        uint256 until = block.timestamp < self.ends ? block.timestamp : self.ends;
        if (!self.hasMoreTime()) {
            uint256 elapsed = until - channel.openedAt;
            return (channel.reserve * elapsed) / channel.quote.duration;
        }
        (uint256 due, uint256 ahead, uint256 since) = (self.due, self.ahead, self.since);
        if (ahead == 0) return due;
        return due + (ahead * (until - since)) / (self.ends - since);
    }
}
