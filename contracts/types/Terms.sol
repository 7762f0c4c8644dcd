// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IIdentityVerifier} from "../../interfaces/IIdentityVerifier.sol";
import {ITermsBook} from "../../interfaces/ITermsBook.sol";
import {TermsId} from "./Ids.sol";

using TermsBookLibrary for TermsBook global;

/// @notice The conditions of a deal; shares are in basis points (1/10,000)
struct Terms {
    // first slot
    /// Account that receives the fee
    address treasury;
    /// Share of a payment that is the fee
    uint16 feeBps;
    /// Seconds after submission in which challenges are filed
    uint32 challengeWindow;
    /// No new requests and deals under this record
    bool retired;
    // second slot
    /// The only address that may freeze results, and judge those; zero: no court
    address court;
    /// Seconds after the window within which the court must be done
    uint32 verdictBy;
    /// Share of a deal's collateral that a releasing miner loses
    uint16 releaseBps;
    /// Share of a deal's collateral that a defaulting miner loses
    uint16 defaultBps;
    /// Most of a deal's collateral that its court may slash
    uint16 overturnBps;
    // third slot
    /// Account that receives what is left of slashed collateral
    address rewardPool;
    /// Most of the collateral of a deal defaulted or overturned that its requester receives, in 10^-18 token; never
    /// above units x price
    uint80 compensationCap;
    /// Share of collateral slashed by the court, after compensation, that the court receives
    uint16 courtBps;
    // fourth slot
    /// Tells who is identity-verified; zero: nobody is
    IIdentityVerifier identityVerifier;
}

/// @dev All records
struct TermsBook {
    // first slot
    uint32 count;
    // second slot
    mapping(TermsId id => Terms) records;
}

/// @title Looking up terms, adding and retiring them
library TermsBookLibrary {
    /// @notice The record of a request that is on chain: it is known
    function get(TermsBook storage self, TermsId id) internal view returns (Terms storage) {
        return self.records[id];
    }

    function known(
        TermsBook storage self,
        TermsId id
    ) internal view returns (Terms storage record) {
        record = self.records[id];
        require(record.treasury != address(0), ITermsBook.UnknownTerms(id));
    }

    function requireOpen(TermsBook storage self, TermsId id) internal view {
        Terms storage record = self.records[id];
        require(record.treasury != address(0), ITermsBook.UnknownTerms(id));
        require(!record.retired, ITermsBook.RetiredTerms(id));
    }

    function add(TermsBook storage self, Terms calldata record) internal returns (TermsId id) {
        id = TermsId.wrap(++self.count);
        self.records[id] = record;
    }

    function retire(TermsBook storage self, TermsId id) internal {
        self.requireOpen(id);
        self.records[id].retired = true;
    }
}
