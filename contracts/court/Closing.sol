// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICases} from "../../interfaces/ICases.sol";
import {ISeats} from "../../interfaces/ISeats.sol";
import {IVerdicts} from "../../interfaces/IVerdicts.sol";
import {Assessment, Case, CaseLibrary, Outcome, Phase, RoundLibrary} from "../types/Case.sol";
import {Deal, State} from "../types/Deal.sol";
import {Request} from "../types/Request.sol";
import {Seat} from "../types/Seat.sol";
import {Terms} from "../types/Terms.sol";
import {Finishing} from "./Finishing.sol";

/// @title What is due by time, and how a case ends
abstract contract Closing is Finishing {
    /// @dev How a case ends: by what, and what that found
    struct End {
        /// Rejected, Upheld, Undecided or Void
        Phase phase;
        /// Not by a jury's finding
        bool silent;
        /// All reveals of the last round are over
        bool counted;
        /// The vote that decided, 0: none
        uint256 verdict;
        /// There was an appeal, and what it was against holds for want of a finding
        bool unappealed;
        /// The vote that decided is for a leaf, and jurors could not get the data at first
        bool cured;
        /// Of the deal, unless the case is void
        Terms terms;
    }

    /// @dev What jurors of a case got, in base units
    struct Pay {
        /// Of all rounds but the appeal
        uint256 first;
        uint256 appeal;
        /// Whether a jury was drawn
        bool drawn;
        bool appealDrawn;
    }

    /// @dev Who pays whom, in base units
    struct Division {
        uint256 filer;
        uint256 appellant;
        uint256 jurors;
        uint256 miner;
        uint256 sink;
    }

    /// @inheritdoc IVerdicts
    function advance(Request calldata request, bytes32 caseId) external throughMarket {
        (bytes32 requestId, Case storage self) = _caseIn(request, caseId);
        Phase phase = self.phase;
        require(phase != Phase.None && phase <= Phase.Decided, ICases.WrongPhase(caseId, phase));
        Terms memory terms = _market.termsOf(request.terms);
        if (!_isChallenged(requestId, terms)) {
            if (phase == Phase.Queued) _unqueue(self);
            End memory gone = End(Phase.Void, true, false, 0, false, false, terms);
            _close(request, requestId, caseId, self, gone);
            return;
        }
        if (phase == Phase.Queued && _keepPlaces(caseId, self)) {
            _unqueue(self);
            self.enter(caseId, Phase.Answering, _step);
            return;
        }
        bool counts = phase == Phase.Revealing && self.revealed == self.committed;
        require(
            self.isOver() || counts || _isFinal(self),
            ICases.NoStepDue(caseId, phase, self.deadline)
        );
        if (phase == Phase.Voting) _endVoting(caseId, self);
        else if (phase == Phase.Revealing) _count(caseId, self);
        else if (phase == Phase.Curing) _voteAgain(caseId, self);
        else if (phase == Phase.Drawing && self.committed == BOTH) {
            _undraw(_round(caseId, self));
            _endWithoutMajority(caseId, self);
        } else if (phase == Phase.Queued && self.round() != 0) {
            _unqueue(self);
            _endWithoutMajority(caseId, self);
        } else {
            if (phase == Phase.Queued) _unqueue(self);
            End memory end = _endOf(caseId, self, phase);
            end.terms = terms;
            _close(request, requestId, caseId, self, end);
        }
    }

    /// @dev The deal is frozen, and the court's time is not over: what is read here is read again, for little.
    function _isChallenged(bytes32 requestId, Terms memory terms) private view returns (bool) {
        Deal memory deal = _dealOf(requestId);
        return deal.state == State.Submitted && block.timestamp <= _verdictEnd(deal, terms);
    }

    /// @dev Nothing can follow: the appeal is decided.
    function _isFinal(Case storage self) private view returns (bool) {
        return self.phase == Phase.Decided && self.round() == CaseLibrary.LAST_ROUND;
    }

    function _voteAgain(bytes32 caseId, Case storage self) private {
        self.voteAgain();
        self.beginBallot();
        self.enter(caseId, Phase.Voting, _vote);
    }

    /// @dev Of a case that is decided, or whose party did not act in time
    function _endOf(
        bytes32 caseId,
        Case storage self,
        Phase phase
    ) private view returns (End memory end) {
        if (phase == Phase.Decided) return _decidedEnd(caseId, self);
        end.silent = true;
        end.phase = Phase.Undecided;
        if (phase == Phase.Queued) return end;
        bool filerActed = phase != Phase.Showing && self.committed & CaseLibrary.FILER != 0;
        end.phase = filerActed ? Phase.Upheld : Phase.Rejected;
    }

    function _decidedEnd(bytes32 caseId, Case storage self) private view returns (End memory end) {
        (end.phase, end.counted) = (Phase.Undecided, true);
        uint256 last = self.round();
        uint256 round = last + 1;
        while (round != 0 && end.verdict == 0) {
            --round;
            end.verdict = RoundLibrary.found(_votes(caseId, self, round));
        }
        end.cured = end.verdict > RoundLibrary.UNAVAILABLE && self.wasUnavailable(round);
        end.unappealed = last == CaseLibrary.LAST_ROUND && (round != last || end.verdict == 0);
        if (end.verdict == 0) end.silent = true;
        else end.phase = self.outcome == Outcome.Stands ? Phase.Rejected : Phase.Upheld;
    }

    function _close(
        Request calldata request,
        bytes32 requestId,
        bytes32 caseId,
        Case storage self,
        End memory end
    ) private {
        Pay memory pay = _assess(caseId, self, end);
        _freePlaces(self);
        _pay(caseId, self, _divide(requestId, self, end, pay));
        self.close(caseId, end.phase);
        _noteResult(request, requestId, caseId, self, _resultOf(self, end));
    }

    function _resultOf(
        Case storage self,
        End memory end
    ) private view returns (Result memory result) {
        bool found = !end.silent && end.verdict != RoundLibrary.UNAVAILABLE;
        bool withheld = self.has(CaseLibrary.WITHHELD);
        (result.phase, result.terms) = (end.phase, end.terms);
        result.cured = end.cured;
        result.served = found && withheld && end.phase == Phase.Rejected;
        bool upheld = end.phase == Phase.Upheld;
        result.owing = upheld || (result.cured && result.served);
        if (result.owing) result.owed = self.deposit;
        if (!upheld) return result;
        result.allWrong = end.silent ? withheld : !found;
        result.right =
            found
                ? RoundLibrary.sameLeaf(uint256(self.leaf), end.verdict)
                : withheld && !end.silent;
        result.owed = self.deposit;
    }

    function _divide(
        bytes32 requestId,
        Case storage self,
        End memory end,
        Pay memory pay
    ) private view returns (Division memory to) {
        to.jurors = pay.first + pay.appeal;
        bool appealed = self.round() == CaseLibrary.LAST_ROUND;
        if (appealed) {
            to.sink = _appealLost(self, end, pay);
            to.appellant = self.appealDeposit - to.sink;
        }
        if (end.phase == Phase.Rejected) {
            _divideRejected(requestId, self, end, to);
            return to;
        }
        uint256 deposit = self.deposit;
        // A lost appeal pays jurors first, of all rounds if the case is lost.
        uint256 appeal = end.phase == Phase.Upheld ? to.jurors : pay.appeal;
        uint256 fromAppeal = Math.min(appeal, to.sink);
        uint256 taken = to.jurors - fromAppeal;
        if (end.phase != Phase.Upheld && pay.drawn) {
            taken = Math.max(taken, deposit - (uint256(_bond) << self.number));
        }
        to.filer = deposit - taken;
        to.sink = to.sink + taken - to.jurors;
    }

    function _pay(bytes32 caseId, Case storage self, Division memory to) private {
        uint256 deposit = self.deposit;
        _accounts[self.filer].unlock(deposit, to.filer);
        if (self.round() == CaseLibrary.LAST_ROUND) {
            _accounts[self.appellant].unlock(self.appealDeposit, to.appellant);
        }
        if (to.miner != 0) {
            address account = _minerAccount(self.minerId);
            _accounts[_market.minerAccount(account).payout].credit(to.miner);
        }
        if (to.sink != 0) _accounts[_sink].credit(to.sink);
        // What the filer did not get back is at most its deposit
        self.deposit = uint112(deposit - to.filer);
        emit ICases.DepositsDivided(caseId, to.filer, to.appellant, to.jurors, to.miner, to.sink);
    }

    /// @dev What becomes of the appellant's deposit: an appeal that found nothing costs its fee, and one that a miner won
    /// by serving late; one that was lost all.
    /// @return lost Of it
    function _appealLost(
        Case storage self,
        End memory end,
        Pay memory pay
    ) private view returns (uint256 lost) {
        bool byFiler = self.appellant == self.filer;
        if (end.phase == (byFiler ? Phase.Upheld : Phase.Rejected)) {
            if (byFiler || !end.cured) return 0;
        } else if (end.phase == (byFiler ? Phase.Rejected : Phase.Upheld) && !end.unappealed) {
            return self.appealDeposit;
        }
        // Its jury, if there was one, found nothing, or what it could have been served before.
        uint256 fee = self.appealDeposit - 2 * uint256(_bond);
        return pay.appealDrawn ? Math.max(fee, pay.appeal) : 0;
    }

    /// @dev The filer lost; the miner's delay is paid for, by half of what jurors leave at most.
    function _divideRejected(
        bytes32 requestId,
        Case storage self,
        End memory end,
        Division memory to
    ) private view {
        uint256 rest = self.deposit + to.sink - to.jurors;
        if (end.cured && self.has(CaseLibrary.WITHHELD)) {
            // It was right when it filed.
            to.filer = Math.min(rest, self.deposit);
        } else {
            Deal memory deal = _dealOf(requestId);
            uint256 value = _scale.valueDown(deal.unitsUsed, deal.price);
            uint256 delay = block.timestamp - self.filedAt;
            to.miner = Math.min(rest / 2, (value * delay * _delayRate) / 1e18);
        }
        to.sink = rest - to.miner - to.filer;
    }

    /// @dev Pays and punishes the jurors of all rounds, and lets them go.
    function _assess(
        bytes32 caseId,
        Case storage self,
        End memory end
    ) private returns (Pay memory pay) {
        uint256 last = self.round();
        for (uint256 round = 0; round <= last; ++round) {
            uint256[] memory votes = _votes(caseId, self, round);
            if (votes.length == 0) continue;
            bool counted = end.phase != Phase.Void && (round < last || end.counted);
            uint256 paid = _assessRound(caseId, round, votes, counted, end);
            if (round == CaseLibrary.LAST_ROUND) (pay.appeal, pay.appealDrawn) = (paid, true);
            else (pay.first, pay.drawn) = (pay.first + paid, true);
        }
    }

    /// @return paid To jurors of the round, in base units
    function _assessRound(
        bytes32 caseId,
        uint256 round,
        uint256[] memory votes,
        bool counted,
        End memory end
    ) private returns (uint256 paid) {
        uint256 own = counted ? RoundLibrary.found(votes) : 0;
        uint256 verdict = end.silent ? own : end.verdict;
        uint256 lost = 0;
        for (uint256 i = 0; i < votes.length; ++i) {
            bool cast = RoundLibrary.isCast(votes[i]);
            Assessment assessment = cast ? Assessment.Paid : Assessment.Nothing;
            if (counted) assessment = RoundLibrary.assess(votes[i], own, verdict);
            lost += _dismiss(caseId, _rounds[caseId][round].seats[i], assessment);
            if (assessment == Assessment.Paid) paid += _seatFee;
        }
        if (lost != 0) _accounts[_sink].credit(lost);
    }

    /// @dev A seat leaves a jury, with what that means for its stake.
    /// @return lost What the sink gets of its stake
    function _dismiss(
        bytes32 caseId,
        uint32 position,
        Assessment assessment
    ) private returns (uint256 lost) {
        Seat storage seat = _seats[position];
        --seat.sitting;
        if (assessment == Assessment.Paid) _accounts[seat.juror].credit(_seatFee);
        else if (assessment != Assessment.Nothing) {
            uint8 penalties = seat.penalties;
            bool all = assessment == Assessment.Unseated || penalties >= ALL - 1;
            lost = _takeStake(position, all ? ALL : penalties + 1);
            emit ISeats.SeatPenalized(position, seat.juror, lost);
        }
        emit ICases.JurorAssessed(caseId, position, assessment);
    }
}
