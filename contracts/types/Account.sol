// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IEscrow} from "../../interfaces/IEscrow.sol";
import {Amounts} from "../libraries/Amounts.sol";

using AccountLibrary for Account global;

/// @dev One slot
struct Account {
    /// Free to spend or withdraw, in base units
    uint112 available;
    /// Held for what isn't over, in base units
    uint112 locked;
    /// A number that the contract that keeps the accounts wants to read with the balance; money never changes it
    uint32 mark;
}

/// @title One owner's money
library AccountLibrary {
    using Amounts for uint112;

    function advanceMark(Account storage self) internal returns (uint32) {
        return ++self.mark;
    }

    function setMark(Account storage self, uint32 mark) internal {
        self.mark = mark;
    }

    function credit(Account storage self, uint256 amount) internal {
        self.available = self.available.plus(amount);
    }

    /// @param owner For the error
    function debit(Account storage self, address owner, uint256 amount) internal {
        uint256 available = self.available;
        require(amount <= available, IEscrow.InsufficientAvailable(owner, available, amount));
        // Less than what fitted
        self.available = uint112(available - amount);
    }

    /// @param owner For the error
    function lock(Account storage self, address owner, uint256 amount) internal {
        (uint256 available, uint112 locked) = (self.available, self.locked);
        require(amount <= available, IEscrow.InsufficientAvailable(owner, available, amount));
        // Less than what fitted
        self.available = uint112(available - amount);
        self.locked = locked.plus(amount);
    }

    /// @notice End a lock of `locked`, of which `returned` comes back to the account
    /// @param returned May exceed `locked` by what is given from elsewhere
    function unlock(Account storage self, uint256 locked, uint256 returned) internal {
        (uint112 available, uint256 held) = (self.available, self.locked);
        require(locked <= held, IEscrow.InsufficientLocked(held, locked));
        // Less than what fitted
        self.locked = uint112(held - locked);
        self.available = available.plus(returned);
    }
}
