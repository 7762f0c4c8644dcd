// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IComputeMarket} from "../interfaces/IComputeMarket.sol";
import {CourtStorage} from "./court/CourtStorage.sol";
import {Reading} from "./court/Reading.sol";
import {Multicall} from "./market/Multicall.sol";
import {CourtRules} from "./types/CourtRules.sol";

/// @title What of a court is done by time, rarely, or only read
/// @notice The court runs it on its own storage, whose layout both share, and holds the money: call the court.
contract CourtExtension is Reading, Multicall {
    /// @param market Whose deals are judged
    /// @param rules All parameters; within bounds
    constructor(IComputeMarket market, CourtRules memory rules) CourtStorage(market, rules) {
        rules.requireBounds();
        _requireRecipient(rules.sink);
    }
}
