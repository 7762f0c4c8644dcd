// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMinerRegistry} from "../../interfaces/IMinerRegistry.sol";
import {Amounts} from "../libraries/Amounts.sol";
import {MinerId, NO_MINER, ResourceId} from "./Ids.sol";
import {Offer} from "./Offer.sol";
import {Scale} from "./Scale.sol";

using MinerLibrary for Miner global;
using MinersLibrary for Miners global;

struct Miner {
    // first slot: all that a settlement writes
    /// All that deals ever paid it, in base units, modulo 2^112
    uint112 earnedTotal;
    /// All fees that its deals ever paid, in 10^-9 token, modulo 2^80
    uint80 feesPaid;
    /// When it was last paid, in seconds since 1970 (until 2106); 0: never
    uint32 lastPaymentTime;
    /// Deals settled, modulo 2^32
    uint32 completed;
    // second slot
    /// The pledged and the unbonding part included, in base units
    uint112 stake;
    /// Sum over classes of capacity x stakePerUnit, rounded up for each, in base units
    uint112 pledged;
    /// How often its payout or its own address has changed
    uint32 tenure;
    // third slot
    /// Stake on its way out, in base units
    uint112 unbonding;
    /// When it may leave, in seconds since 1970
    uint40 unbondingEnds;
    /// Capacity over all classes, in units: 80 bits hold the capacities of 65,536 classes
    uint80 computePower;
    // fourth slot
    /// What of `earnedTotal` it has collected, in base units, modulo 2^112
    uint112 collected;
    uint32 defaulted;
    uint32 overturned;
    // a slot each
    /// From which it acts
    address account;
    /// Where its stake and earnings go
    address payout;
    /// Who may take the account's place; zero: nobody
    address successor;
}

/// @dev All miners, and what they sell
struct Miners {
    // first slot
    uint32 count;
    // a slot each
    mapping(address account => MinerId) ids;
    mapping(MinerId id => Miner) records;
    mapping(MinerId id => mapping(ResourceId resource => Offer)) offers;
}

/// @title Transitions of one miner
library MinerLibrary {
    using Amounts for uint112;

    function namePayout(Miner storage self, address payout) internal {
        self.payout = payout;
        // A successor was the former payout's choice.
        delete self.successor;
        self.beginTenure();
    }

    /// @notice Somebody else may act or receive now: trust does not pass on, blame does.
    function beginTenure(Miner storage self) internal {
        ++self.tenure;
        self.completed = 0;
    }

    function nameSuccessor(Miner storage self, address successor) internal {
        self.successor = successor;
    }

    function addStake(Miner storage self, uint256 amount) internal {
        self.stake = self.stake.plus(amount);
    }

    /// @dev What is on its way already starts anew, so only the payout may add to it: the miner's own key, when
    /// stolen, could hold it back for ever.
    function startUnbonding(Miner storage self, uint256 amount, uint40 ends) internal {
        require(
            self.unbonding == 0 || msg.sender == self.payout,
            IMinerRegistry.UnbondingAlready(self.unbondingEnds)
        );
        uint256 free = self.stake - self.pledged - self.unbonding;
        require(amount <= free, IMinerRegistry.InsufficientStake(free, amount));
        self.unbonding = self.unbonding.plus(amount);
        self.unbondingEnds = ends;
    }

    /// @param account The miner's, for the error
    function withdrawStake(Miner storage self, address account) internal returns (uint112 amount) {
        amount = self.unbonding;
        require(amount != 0, IMinerRegistry.NothingUnbonding(account));
        uint40 ends = self.unbondingEnds;
        require(block.timestamp >= ends, IMinerRegistry.StillUnbonding(ends));
        self.unbonding = 0;
        self.unbondingEnds = 0;
        self.stake -= amount;
    }

    /// @param account The miner's, for the error
    function collectEarnings(
        Miner storage self,
        address account
    ) internal returns (uint112 amount) {
        amount = self.earnings();
        require(amount != 0, IMinerRegistry.NoEarnings(account));
        self.collected = self.earnedTotal;
    }

    /// @notice Pledge stake for `to` units of a class instead of `from`, out of what is free
    function changePledge(
        Miner storage self,
        Scale scale,
        uint64 from,
        uint64 to,
        uint96 stakePerUnit
    ) internal {
        uint256 pledgedElsewhere = self.pledged - scale.valueUp(from, stakePerUnit);
        uint256 pledge = scale.valueUp(to, stakePerUnit);
        uint256 free = self.stake - pledgedElsewhere - self.unbonding;
        require(pledge <= free, IMinerRegistry.InsufficientStake(free, pledge));
        // At most the stake
        self.pledged = uint112(pledgedElsewhere + pledge);
        self.computePower = uint80(uint256(self.computePower) - from + to);
    }

    /// @param amount At most the collateral of a deal
    function slash(Miner storage self, uint256 amount) internal {
        // At most the stake, or the subtraction fails
        self.stake = uint112(uint256(self.stake) - amount);
    }

    /// @notice Payments not collected yet, in base units
    function earnings(Miner storage self) internal view returns (uint112) {
        // Below 2^112, as all that the market owes: so the difference is right, however often the sums went round.
        unchecked {
            return self.earnedTotal - self.collected;
        }
    }

    /// @notice Pay for a deal, which counts as completed, unless it is for nothing
    /// @param fee In 10^-9 token
    function pay(Miner storage self, uint256 amount, uint256 fee) internal {
        if (amount == 0) return;
        self.payPart(amount, fee);
        // Sums and counts go round rather than keep a deal from its end.
        unchecked {
            ++self.completed;
        }
    }

    /// @notice For a deal of which the court left a part
    /// @param fee In 10^-9 token
    function payPart(Miner storage self, uint256 amount, uint256 fee) internal {
        if (amount == 0) return;
        // An amount is part of a lock, which has 112 bits; of a fee, 80 bits are kept.
        unchecked {
            self.earnedTotal += uint112(amount);
            self.feesPaid += uint80(fee);
        }
        self.lastPaymentTime = uint32(block.timestamp);
    }

    function countDefault(Miner storage self) internal {
        ++self.defaulted;
    }

    function countOverturn(Miner storage self) internal {
        ++self.overturned;
    }
}

/// @title Finding miners, registering them and changing who acts for them
library MinersLibrary {
    function idOf(Miners storage self, address account) internal view returns (MinerId id) {
        id = self.ids[account];
        require(!id.isNone(), IMinerRegistry.NotRegistered(account));
    }

    /// @notice Whether `account` acts for the miner now
    function isActing(
        Miners storage self,
        address account,
        MinerId id
    ) internal view returns (bool) {
        return self.ids[account] == id;
    }

    function find(
        Miners storage self,
        address account
    ) internal view returns (MinerId id, Miner storage miner) {
        id = self.idOf(account);
        miner = self.records[id];
    }

    function get(Miners storage self, MinerId id) internal view returns (Miner storage) {
        return self.records[id];
    }

    function accountOf(Miners storage self, MinerId id) internal view returns (address) {
        return self.records[id].account;
    }

    function offerOf(
        Miners storage self,
        MinerId id,
        ResourceId resource
    ) internal view returns (Offer storage) {
        return self.offers[id][resource];
    }

    function register(
        Miners storage self,
        address account,
        address payout
    ) internal returns (MinerId id) {
        id = MinerId.wrap(++self.count);
        self.ids[account] = id;
        Miner storage miner = self.records[id];
        miner.account = account;
        miner.payout = payout;
    }

    function requireUnregistered(Miners storage self, address account) internal view {
        require(self.ids[account].isNone(), IMinerRegistry.AlreadyRegistered(account));
    }

    /// @notice Let the successor `account` act for a miner instead of `former`
    function succeed(Miners storage self, MinerId id, address former, address account) internal {
        self.ids[former] = NO_MINER;
        self.ids[account] = id;
        Miner storage miner = self.records[id];
        delete miner.successor;
        miner.account = account;
        miner.beginTenure();
    }
}
