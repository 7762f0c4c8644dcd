// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IResourceClasses} from "../../interfaces/IResourceClasses.sol";
import {ITermsBook} from "../../interfaces/ITermsBook.sol";
import {Amounts} from "./Amounts.sol";
import {Escrow} from "./Escrow.sol";

/// @title Numbered, immutable Terms records
abstract contract TermsBook is Escrow, Ownable2Step, ITermsBook {
    uint256 internal constant MAX_FEE_BPS = 1_000;
    uint256 internal constant MIN_CHALLENGE_WINDOW = 1 minutes;
    uint256 internal constant MAX_CHALLENGE_WINDOW = 30 days;
    uint256 internal constant MAX_VERDICT_BY = 90 days;

    /// @inheritdoc ITermsBook
    uint32 public termsCount;

    mapping(uint32 terms => Terms) internal _terms;

    /// @inheritdoc ITermsBook
    function termsOf(uint32 terms) external view returns (Terms memory) {
        return _knownTerms(terms);
    }

    /// @inheritdoc ITermsBook
    function addTerms(Terms calldata record) external onlyOwner returns (uint32 terms) {
        _requireRecipient(record.treasury);
        _requireRecipient(record.rewardPool);
        require(record.court != address(this), InvalidRecipient(record.court));
        _requireWithin(record.feeBps, 0, MAX_FEE_BPS);
        _requireWithin(record.challengeWindow, MIN_CHALLENGE_WINDOW, MAX_CHALLENGE_WINDOW);
        _requireWithin(record.verdictBy, 0, MAX_VERDICT_BY);
        _requireWithin(record.releaseBps, 0, Amounts.BPS);
        _requireWithin(record.defaultBps, record.releaseBps, Amounts.BPS);
        _requireWithin(record.overturnBps, 0, Amounts.BPS);
        _requireWithin(record.courtBps, 0, Amounts.BPS);
        terms = ++termsCount;
        _terms[terms] = record;
        emit TermsAdded(terms);
    }

    /// @inheritdoc ITermsBook
    function retireTerms(uint32 terms) external onlyOwner {
        _openTerms(terms).retired = true;
        emit TermsRetirement(terms);
    }

    function _knownTerms(uint32 terms) internal view returns (Terms storage record) {
        record = _terms[terms];
        require(record.treasury != address(0), UnknownTerms(terms));
    }

    function _openTerms(uint32 terms) internal view returns (Terms storage record) {
        record = _knownTerms(terms);
        require(!record.retired, TermsRetired(terms));
    }

    function _requireWithin(uint256 value, uint256 minimum, uint256 maximum) private pure {
        require(
            value >= minimum && value <= maximum,
            IResourceClasses.OutOfBounds(value, minimum, maximum)
        );
    }
}
