// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {ISettlement} from "../../interfaces/ISettlement.sol";
import {MinerId} from "./Ids.sol";

using DealLibrary for Deal global;

/// @notice The first ten are stored; the last four are derived by `stateOf` from time and challenges
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
    /// Challenges open at the court
    uint16 openChallenges;
    // second slot
    /// Root of the submitted result's sum tree; 0 if it was submitted accepted
    bytes32 root;
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

    function freeze(Deal storage self, bytes32 id) internal returns (uint16 open) {
        open = self.openChallenges;
        require(open != type(uint16).max, ISettlement.TooManyChallenges(id));
        self.openChallenges = ++open;
    }

    function thaw(Deal storage self) internal returns (uint16 open) {
        return --self.openChallenges;
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

    function requireChallenged(Deal storage self, bytes32 id) internal view {
        require(self.openChallenges != 0, ISettlement.NoChallengeOpen(id));
    }

    function requireUnchallenged(Deal storage self, bytes32 id) internal view {
        uint16 open = self.openChallenges;
        require(open == 0, ISettlement.ChallengesOpen(id, open));
    }

    function requireResult(Deal storage self, bytes32 root, uint64 unitsUsed) internal view {
        require(
            root == self.root && unitsUsed == self.unitsUsed,
            ISettlement.ResultMismatch(self.root, self.unitsUsed)
        );
    }

    /// @notice When the window of a submitted result ends
    function windowEnd(Deal storage self, uint32 challengeWindow) internal view returns (uint40) {
        return self.time + challengeWindow;
    }

    /// @notice The state, with what time and challenges tell
    function stateNow(
        Deal storage self,
        uint40 confirmBy,
        uint32 challengeWindow
    ) internal view returns (State) {
        State state = self.state;
        if (state == State.Posted) return block.timestamp > confirmBy ? State.Expired : state;
        if (state == State.Confirmed) {
            return block.timestamp > self.time ? State.Overdue : state;
        }
        if (state == State.Submitted) {
            if (self.openChallenges != 0) return State.Challenged;
            return block.timestamp > self.windowEnd(challengeWindow) ? State.Settleable : state;
        }
        return state;
    }
}
