// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TermsId} from "../contracts/types/Ids.sol";
import {Terms} from "../contracts/types/Terms.sol";

/// @title Numbered, immutable conditions that requests refer to
/// @notice Shares are in basis points (1/10,000). Governance adds and retires records, and never edits one.
interface ITermsBook {
    error UnknownTerms(TermsId terms);
    error RetiredTerms(TermsId terms);

    /// @notice A record as it was added, and whether it is retired
    /// @dev Reverts: UnknownTerms.
    function termsOf(TermsId terms) external view returns (Terms memory);
}
