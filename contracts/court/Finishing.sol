// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICases} from "../../interfaces/ICases.sol";
import {IVerdicts} from "../../interfaces/IVerdicts.sol";
import {Delegated} from "../market/Delegated.sol";
import {Case, CaseLibrary, Docket, Phase} from "../types/Case.sol";
import {Deal} from "../types/Deal.sol";
import {Request} from "../types/Request.sol";
import {Terms} from "../types/Terms.sol";
import {Counting} from "./Counting.sol";
import {Dockets} from "./Dockets.sol";

/// @title What closed cases make of a deal
abstract contract Finishing is Counting, Dockets, Delegated, IVerdicts {
    /// @dev What a closed case means for its deal
    struct Result {
        Phase phase;
        /// Data came only when jurors had asked for it
        bool cured;
        /// Data that was said to be withheld was there
        bool served;
        bool allWrong;
        /// The filer gets back what it paid for jurors
        bool owing;
        /// The filer shares the reward
        bool right;
        /// What the filer paid for jurors, in base units
        uint256 owed;
        /// Of the deal
        Terms terms;
    }

    /// @inheritdoc IVerdicts
    function finish(Request calldata request) external throughMarket {
        bytes32 requestId = _idOf(request);
        Docket storage docket = _dockets[requestId];
        require(docket.frozen && !docket.finished, ICases.NothingFrozen(requestId));
        Terms memory terms = _market.termsOf(request.terms);
        require(
            _canFinish(docket) || (_isOverturned(docket) && _isLate(requestId, terms)),
            ICases.FilingOpen(requestId, docket.open, docket.filingUntil)
        );
        Result memory none = Result(Phase.None, false, false, false, false, false, 0, terms);
        _finish(request, requestId, docket, none);
    }

    /// @inheritdoc IVerdicts
    function collect(bytes32 requestId, bytes32 caseId) external throughMarket {
        Case storage self = _cases[caseId];
        Docket storage docket = _dockets[requestId];
        require(
            docket.finished &&
                self.phase > Phase.Decided &&
                self.places != 0 &&
                _caseId(requestId, self.filer, self.number) == caseId,
            ICases.NothingToCollect(caseId)
        );
        self.places = 0;
        (uint256 paid, uint256 owed) = (self.deposit, docket.owed);
        // All parts of the last one, so nothing is left
        uint256 refund = owed == 0 ? 0 : (paid * docket.refunds) / owed;
        // Parts of what is stored in 112 bits
        (docket.owed, docket.refunds) = (uint112(owed - paid), uint112(docket.refunds - refund));
        bool right = self.has(CaseLibrary.MARKED);
        uint256 reward = right ? docket.reward : 0;
        --docket.claims;
        if (right) --docket.right;
        _accounts[address(this)].debit(address(this), refund + reward);
        _reward(caseId, self.filer, refund, reward);
    }

    /// @dev A case is closed; with the last one the deal is finished, if it is time.
    function _noteResult(
        Request calldata request,
        bytes32 requestId,
        bytes32 caseId,
        Case storage self,
        Result memory result
    ) internal {
        Docket storage docket = _dockets[requestId];
        --docket.open;
        if (result.phase == Phase.Void) {
            docket.finished = true;
            return;
        }
        if (result.cured) docket.cured = true;
        if ((result.cured || result.served) && !docket.reopened) {
            uint40 until = uint40(block.timestamp) + _filing;
            if (until > docket.filingUntil) {
                (docket.reopened, docket.filingUntil) = (true, until);
                emit ICases.FilingReopened(requestId, until);
            }
        }
        bool finishing = _canFinish(docket);
        bool upheld = result.phase == Phase.Upheld;
        if (upheld && result.allWrong) {
            docket.allWrong = true;
        } else if (upheld) {
            // Nobody can find a leaf wrong again of a deal that ends now.
            _markWrong(docket, requestId, self.task, !finishing || docket.wrong != 0);
        }
        if (finishing) {
            (uint256 refund, uint256 reward) = _finish(request, requestId, docket, result);
            if (result.owing) _reward(caseId, self.filer, refund, reward);
            return;
        }
        if (result.owing) _noteClaim(docket, self, result);
        if (upheld) _market.setDue(request, 0);
    }

    function _noteClaim(Docket storage docket, Case storage self, Result memory result) private {
        self.places = 1;
        ++docket.claims;
        // Parts of deposits, whose sum fits in 112 bits
        docket.owed += uint112(result.owed);
        if (result.right) {
            ++docket.right;
            self.set(CaseLibrary.MARKED);
        }
    }

    /// @param last Of the case that was closed just now, if one was
    /// @return refund To the filer of that case, in base units
    /// @return reward To the same
    function _finish(
        Request calldata request,
        bytes32 requestId,
        Docket storage docket,
        Result memory last
    ) private returns (uint256 refund, uint256 reward) {
        bool overturned = _isOverturned(docket);
        if (!overturned && !docket.cured) {
            (docket.frozen, docket.noted) = (false, false);
            _market.thaw(request);
            emit ICases.DealFinished(requestId, Phase.Rejected, 0, 0);
            return (0, 0);
        }
        docket.finished = true;
        Terms memory terms = last.terms;
        uint64 due = overturned ? 0 : _dealOf(requestId).unitsUsed;
        uint16 share = overturned ? _slashOf(docket, terms, request.tasks) : _cureSlashBps;
        if (share > terms.overturnBps) share = terms.overturnBps;
        // The market is fixed, and calls nobody back.
        // slither-disable-next-line reentrancy-no-eth
        uint256 received = _market.resolve(request, due, share);
        emit ICases.DealFinished(
            requestId,
            overturned ? Phase.Upheld : Phase.Undecided,
            share,
            received
        );
        return _share(docket, received, last);
    }

    /// @dev Divides what the court received among filers and the sink.
    function _share(
        Docket storage docket,
        uint256 received,
        Result memory last
    ) private returns (uint256 refund, uint256 reward) {
        uint256 owed = docket.claims == 0 ? last.owed : docket.owed + last.owed;
        uint256 refunds = Math.min(received, owed);
        uint256 others = docket.right;
        uint256 rights = last.right ? others + 1 : others;
        if (rights != 0) reward = Math.min(received - refunds, _rewardCap) / rights;
        if (owed != 0) refund = (last.owed * refunds) / owed;
        if (docket.claims != 0) {
            // Parts of balances, which fit in 112 bits
            (docket.refunds, docket.reward) = (uint112(refunds - refund), uint112(reward));
            uint256 kept = refunds - refund + reward * others;
            if (kept != 0) _accounts[address(this)].credit(kept);
        }
        uint256 rest = received - refunds - reward * rights;
        if (rest != 0) _accounts[_sink].credit(rest);
        if (!last.right) reward = 0;
    }

    function _reward(bytes32 caseId, address filer, uint256 refund, uint256 reward) private {
        if (refund + reward != 0) _accounts[filer].credit(refund + reward);
        emit ICases.RewardPaid(caseId, filer, refund, reward);
    }

    /// @dev Cases that are still open can't keep a wrong result from its verdict.
    function _isLate(bytes32 requestId, Terms memory terms) private view returns (bool) {
        return block.timestamp + _step > _verdictEnd(_dealOf(requestId), terms);
    }

    /// @dev When the court's time with a deal ends
    function _verdictEnd(Deal memory deal, Terms memory terms) internal pure returns (uint256) {
        return uint256(deal.time) + terms.challengeWindow + terms.verdictBy;
    }

    function _isOverturned(Docket storage docket) private view returns (bool) {
        return docket.allWrong || docket.wrong != 0;
    }

    function _canFinish(Docket storage docket) private view returns (bool) {
        return docket.open == 0 && block.timestamp > docket.filingUntil;
    }

    /// @dev In proportion to the share of wrong leaves, but never less than a default costs
    function _slashOf(
        Docket storage docket,
        Terms memory terms,
        uint32 tasks
    ) private view returns (uint16) {
        if (docket.allWrong) return terms.overturnBps;
        uint256 share = (uint256(docket.wrong) * _slashFactor * BPS) / tasks;
        uint256 least = Math.max(_leastSlashBps, terms.defaultBps);
        // The least of numbers of which one has 16 bits
        return uint16(Math.min(Math.max(share, least), terms.overturnBps));
    }
}
