// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Numbered, immutable conditions that requests refer to
/// @notice Shares are in basis points (1/10,000). Governance adds and retires records, and never edits one.
interface ITermsBook {
    struct Terms {
        /// Account that receives the fee
        address treasury;
        /// Share of a payment that is the fee
        uint16 feeBps;
        /// Seconds after submission in which challenges are filed
        uint32 challengeWindow;
        /// No new requests and deals under this record
        bool retired;
        /// The only address that may freeze, thaw and overturn, and close without fault early; zero: no court
        address court;
        /// Seconds after the window within which the court must be done
        uint32 verdictBy;
        /// Share of a deal's collateral that a releasing miner loses
        uint16 releaseBps;
        /// Share of a deal's collateral that a defaulting miner loses
        uint16 defaultBps;
        /// Share of a deal's collateral that an overturned miner loses
        uint16 overturnBps;
        /// Account that receives what is left of slashed collateral
        address rewardPool;
        /// Most of a deal's slashed collateral that its requester receives, in 10^-18 token; never above units x price
        uint80 compensationCap;
        /// Share of collateral slashed by the court, after compensation, that the court receives
        uint16 courtBps;
    }

    error UnknownTerms(uint32 terms);
    error TermsRetired(uint32 terms);

    event TermsAdded(uint32 indexed terms);
    event TermsRetirement(uint32 indexed terms);

    /// @notice Number of records; they are numbered from 1
    function termsCount() external view returns (uint32);

    function termsOf(uint32 terms) external view returns (Terms memory);

    /// @notice Add a record (owner). Each value has its bounds; see the specification.
    function addTerms(Terms calldata record) external returns (uint32 terms);

    /// @notice End new business under a record (owner), for ever. Live deals keep it.
    function retireTerms(uint32 terms) external;
}
