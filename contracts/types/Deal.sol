// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {ISettlement} from "../../interfaces/ISettlement.sol";
import {ITrials} from "../../interfaces/ITrials.sol";
import {MinerId} from "./Ids.sol";
import {Terms} from "./Terms.sol";

using DealLibrary for Deal global;

/// @notice The first ten are stored; the last four are derived by `stateOf` from time and the court
enum State {
    None,
    Posted,
    Confirmed,
    Submitted,
    Settled,
    Cancelled,
    Released,
    Annulled,
    Defaulted,
    Overturned,
    Expired,
    Overdue,
    Challenged,
    Settleable
}

/// @notice What the court has to do with a submitted result; the last three tell how a frozen deal ended
enum Trial {
    /// Nothing, or nothing any more
    None,
    /// Somebody challenged: nothing is paid but by the requester's acceptance
    Frozen,
    /// Jurors have revealed: acceptance does not end it any more
    Revealed,
    /// The requester accepted
    Accepted,
    /// The court resolved
    Decided,
    /// The court's time ran out
    Silent
}

/// @notice What is stored of a request
struct Deal {
    // first slot
    State state;
    /// Number of the miner that confirmed
    MinerId minerId;
    /// Fixed at confirmation, in 10^-18 token per unit
    uint96 price;
    /// The result's deadline; once a result was submitted, when that was. In seconds since 1970.
    uint40 time;
    /// Units the submitted result claims; 0 if it was submitted accepted
    uint64 unitsUsed;
    Trial trial;
    /// Whether `unitsDue` holds instead of `unitsUsed`
    bool dueSet;
    // second slot
    /// Root of the submitted result's sum tree; 0 if it was submitted accepted
    bytes32 root;
    // third slot, used by courts only
    /// Units paid for, or to be paid for should the court fall silent, if `dueSet`
    uint64 unitsDue;
}

/// @title Transitions of a deal
/// @dev That the transition is allowed, the caller has checked: `require…` say how.
library DealLibrary {
    function post(Deal storage self) internal {
        self.state = State.Posted;
    }

    function cancel(Deal storage self) internal {
        self.state = State.Cancelled;
    }

    function confirm(Deal storage self, MinerId minerId, uint96 price, uint40 deadline) internal {
        self.state = State.Confirmed;
        self.minerId = minerId;
        self.price = price;
        self.time = deadline;
    }

    function submit(Deal storage self, bytes32 root, uint64 unitsUsed) internal {
        self.state = State.Submitted;
        self.time = uint40(block.timestamp);
        self.unitsUsed = unitsUsed;
        self.root = root;
    }

    function settle(Deal storage self) internal {
        self.state = State.Settled;
    }

    function release(Deal storage self) internal {
        self.state = State.Released;
    }

    function annul(Deal storage self) internal {
        self.state = State.Annulled;
    }

    function forfeit(Deal storage self) internal {
        self.state = State.Defaulted;
    }

    function overturn(Deal storage self) internal {
        self.state = State.Overturned;
    }

    /// @notice Whose window is not over
    function freeze(Deal storage self, bytes32 id) internal {
        self.requireTrial(id, Trial.None);
        self.trial = Trial.Frozen;
    }

    function thaw(Deal storage self) internal {
        self.trial = Trial.None;
    }

    function noteReveal(Deal storage self, bytes32 id) internal {
        self.requireTrial(id, Trial.Frozen);
        self.trial = Trial.Revealed;
    }

    function setDue(Deal storage self, uint64 unitsDue) internal {
        self.requireClaimed(unitsDue);
        self.dueSet = true;
        self.unitsDue = unitsDue;
    }

    /// @return stands Whether all that was claimed is due
    function decide(Deal storage self, uint64 unitsDue) internal returns (bool stands) {
        self.requireClaimed(unitsDue);
        stands = unitsDue == self.unitsUsed;
        self.trial = Trial.Decided;
        self.dueSet = !stands;
        if (!stands) self.unitsDue = unitsDue;
    }

    /// @return wasFrozen Whether this ended a trial
    function accept(Deal storage self, bytes32 id) internal returns (bool wasFrozen) {
        Trial trial = self.trial;
        require(trial != Trial.Revealed, ITrials.WrongTrial(id, trial));
        wasFrozen = trial == Trial.Frozen;
        if (wasFrozen) self.trial = Trial.Accepted;
        if (self.dueSet) self.dueSet = false;
    }

    /// @notice Of which nobody can take anything away any more
    /// @return wasFrozen Whether this ended a trial
    function outlast(Deal storage self) internal returns (bool wasFrozen) {
        wasFrozen = self.isFrozen();
        if (wasFrozen) self.trial = Trial.Silent;
    }

    function requireState(Deal storage self, bytes32 id, State expected) internal view {
        State state = self.state;
        // Only the market itself writes states; nobody can push one past a value.
        // slither-disable-next-line incorrect-equality
        require(state == expected, IRequestBook.WrongState(id, state));
    }

    /// @dev A confirmed deal
    function requireInTime(Deal storage self) internal view {
        uint40 deadline = self.time;
        require(block.timestamp <= deadline, ISettlement.DeadlinePassed(deadline));
    }

    /// @dev A confirmed deal
    function requireOverdue(Deal storage self) internal view {
        uint40 deadline = self.time;
        require(block.timestamp > deadline, ISettlement.DeadlineNotPassed(deadline));
    }

    function requireTrial(Deal storage self, bytes32 id, Trial expected) internal view {
        Trial trial = self.trial;
        // Only the market itself writes trials; nobody can push one past a value.
        // slither-disable-next-line incorrect-equality
        require(trial == expected, ITrials.WrongTrial(id, trial));
    }

    function requireFrozen(Deal storage self, bytes32 id) internal view {
        require(self.isFrozen(), ITrials.WrongTrial(id, self.trial));
    }

    /// @notice At most what the result claims can be due
    function requireClaimed(Deal storage self, uint64 unitsDue) internal view {
        uint64 claimed = self.unitsUsed;
        require(unitsDue <= claimed, ISettlement.UnitsAboveDeal(unitsDue, claimed));
    }

    function requireResult(Deal storage self, bytes32 root, uint64 unitsUsed) internal view {
        require(
            root == self.root && unitsUsed == self.unitsUsed,
            ISettlement.ResultMismatch(self.root, self.unitsUsed)
        );
    }

    /// @notice Whether a court judges it now
    function isFrozen(Deal storage self) internal view returns (bool) {
        Trial trial = self.trial;
        return trial == Trial.Frozen || trial == Trial.Revealed;
    }

    /// @notice What is paid for without the requester's acceptance
    function unitsPayable(Deal storage self) internal view returns (uint64) {
        return self.dueSet ? self.unitsDue : self.unitsUsed;
    }

    /// @notice When the window of a submitted result ends
    function windowEnd(Deal storage self, Terms storage terms) internal view returns (uint40) {
        return self.time + terms.challengeWindow;
    }

    /// @notice When a court's time with a submitted result ends
    function verdictEnd(Deal storage self, Terms storage terms) internal view returns (uint40) {
        return self.windowEnd(terms) + terms.verdictBy;
    }

    /// @notice Last second in which something may still be taken away from a submitted result
    function objectionEnd(Deal storage self, Terms storage terms) internal view returns (uint40) {
        return self.isFrozen() ? self.verdictEnd(terms) : self.windowEnd(terms);
    }

    /// @notice The state, with what time and the court tell
    function stateNow(
        Deal storage self,
        uint40 confirmBy,
        Terms storage terms
    ) internal view returns (State) {
        State state = self.state;
        if (state == State.Posted) return block.timestamp > confirmBy ? State.Expired : state;
        if (state == State.Confirmed) {
            return block.timestamp > self.time ? State.Overdue : state;
        }
        if (state == State.Submitted) {
            if (block.timestamp > self.objectionEnd(terms)) return State.Settleable;
            return self.isFrozen() ? State.Challenged : state;
        }
        return state;
    }
}
