// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICases} from "../../interfaces/ICases.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {LocalChains} from "../libraries/LocalChains.sol";

using CourtRulesLibrary for CourtRules global;

/// @notice A court's parameters, fixed at deployment. Times in seconds, amounts in base units.
struct CourtRules {
    /// Longest that the chain may keep a transaction out; no phase is shorter
    uint32 inclusion;
    /// For each step of the parties, for jurors to reveal, and to appeal
    uint32 step;
    /// For jurors to run the task and to commit their votes
    uint32 vote;
    /// For a miner to serve the jurors, half of whom could not get the data
    uint32 cure;
    /// Longest wait for free seats
    uint32 queue;
    /// Least challenge window of terms; and how long filing is open again after withheld data came
    uint32 filing;
    /// From taking a seat until it can be drawn
    uint32 joinDelay;
    /// From leaving until the seat's stake may go
    uint32 leaveDelay;
    /// Seats that judge first; where much is at stake, or a block's hash was missed; after an appeal. All odd.
    uint8 jury;
    uint8 largeJury;
    uint8 appealJury;
    /// In how many cases a seat may sit at a time
    uint8 casesPerSeat;
    /// Seats' stake for one case that a jury must have, as a share of the value at risk, or it is the large one
    uint32 coverBps;
    /// Share of a seat's stake that absence or a vote against the verdict costs
    uint16 penaltyBps;
    /// Least share of a deal's collateral that a wrong leaf costs
    uint16 leastSlashBps;
    /// Share of a deal's collateral that it costs to serve data only when jurors asked for it
    uint16 cureSlashBps;
    /// How many times the share of wrong leaves is the share of the collateral slashed
    uint16 slashFactor;
    /// Share of a deal's value that a miner gets for each second of delay, out of a lost bond; in 10^-18
    uint64 delayRate;
    /// Stake of each seat
    uint112 seatStake;
    /// A juror's pay for a case
    uint112 seatFee;
    /// Of a filer's first challenge of a deal
    uint112 bond;
    /// Most that the right filers of a deal get as a reward together
    uint112 rewardCap;
    /// Receives what is due to nobody: no party may gain from it
    address sink;
}

/// @title Bounds of a court's parameters
library CourtRulesLibrary {
    uint256 private constant BPS = 10_000;
    /// @dev Most that the market lets terms give a court
    uint256 private constant MOST_VERDICT_BY = 90 days;
    uint256 private constant LEAST_INCLUSION = 1 hours;
    uint256 private constant MOST_PHASE = 30 days;
    uint256 private constant MOST_SEATS = 31;
    /// @dev A deposit is a bond times 2^15 and a fee times 16 x 31, in 112 bits
    uint256 private constant MOST_AMOUNT = type(uint96).max;

    function requireBounds(CourtRules memory self) internal view {
        _requireTimes(self);
        _requireJuries(self);
        _requireShares(self);
        _requireAmounts(self);
    }

    /// @notice Two cases one after the other, between them the time in which filing is open again, and a step to end it
    /// @dev A case waits for seats, has three rounds, of which only the first shows a leaf, and a step to appeal in. In
    /// each round parties have five or six steps, jurors vote twice, and three phases need somebody to end them.
    function verdictBy(CourtRules memory self) internal pure returns (uint256) {
        uint256 round = 2 * uint256(self.vote) + self.cure + 3 * uint256(self.inclusion);
        uint256 each = self.queue + 19 * uint256(self.step) + 3 * round;
        return 2 * each + self.filing + self.step;
    }

    function _requireTimes(CourtRules memory self) private view {
        uint256 inclusion = self.inclusion;
        Bounds.requireWithin(inclusion, LocalChains.here() ? 1 : LEAST_INCLUSION, MOST_PHASE);
        Bounds.requireWithin(self.step, inclusion, MOST_PHASE);
        Bounds.requireWithin(self.vote, inclusion, MOST_PHASE);
        Bounds.requireWithin(self.cure, inclusion, MOST_PHASE);
        Bounds.requireWithin(self.filing, inclusion, MOST_PHASE);
        uint256 step = self.step;
        // A case without an appeal ends while another waits: or one sham after the other would keep seats from it.
        uint256 least = LocalChains.here() ? inclusion : 5 * step + self.vote;
        Bounds.requireWithin(self.queue, least, MOST_PHASE);
        // Who takes a seat on hearing of a challenge isn't in its first jury.
        Bounds.requireWithin(self.joinDelay, self.queue + 2 * step, 3 * MOST_PHASE);
        // Whoever can be drawn when Drawing begins is there when it ends.
        Bounds.requireWithin(self.leaveDelay, 3 * step, 3 * MOST_PHASE);
        Bounds.requireWithin(self.verdictBy(), 0, MOST_VERDICT_BY);
    }

    function _requireJuries(CourtRules memory self) private pure {
        _requireOdd(self.jury, 1);
        _requireOdd(self.largeJury, self.jury);
        _requireOdd(self.appealJury, self.largeJury);
        Bounds.requireWithin(self.casesPerSeat, 1, 100);
    }

    function _requireShares(CourtRules memory self) private pure {
        Bounds.requireWithin(self.coverBps, 1, 1_000 * BPS);
        Bounds.requireWithin(self.penaltyBps, 1, BPS / self.casesPerSeat);
        Bounds.requireWithin(self.leastSlashBps, 1, BPS);
        Bounds.requireWithin(self.cureSlashBps, 1, self.leastSlashBps);
        Bounds.requireWithin(self.slashFactor, 1, BPS);
        Bounds.requireWithin(self.delayRate, 0, 1e18);
    }

    function _requireAmounts(CourtRules memory self) private pure {
        Bounds.requireWithin(self.seatStake, 1, MOST_AMOUNT);
        Bounds.requireWithin(self.seatFee, 1, MOST_AMOUNT);
        // A lost bond pays all jurors that a case can have.
        uint256 juries = 2 * uint256(self.largeJury) + self.appealJury;
        Bounds.requireWithin(self.bond, juries * self.seatFee, MOST_AMOUNT);
        Bounds.requireWithin(self.rewardCap, 0, MOST_AMOUNT);
    }

    function _requireOdd(uint256 seats, uint256 least) private pure {
        Bounds.requireWithin(seats, least, MOST_SEATS);
        require(seats & 1 == 1, ICases.EvenJury(seats));
    }
}
