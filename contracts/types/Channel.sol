// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MinerId, ResourceId} from "./Ids.sol";

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
