// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IGovernance} from "../../interfaces/IGovernance.sol";
import {IOwnership} from "../../interfaces/IOwnership.sol";

using OfficeLibrary for Office global;

/// @dev Who governs, and what it has set for the whole market
struct Office {
    // first slot
    address owner;
    // second slot
    /// Who may accept the ownership; zero: nobody
    address pendingOwner;
    // third slot: what confirmations read
    /// May pause once for each appointment, and nothing else; zero: nobody
    address guardian;
    /// It has
    bool guardianSpent;
    /// Last second in which there is no new business, in seconds since 1970
    uint40 pausedUntil;
}

/// @title Changes of office
library OfficeLibrary {
    function requireOwner(Office storage self) internal view {
        require(msg.sender == self.owner, IOwnership.OwnableUnauthorizedAccount(msg.sender));
    }

    function offerOwnership(Office storage self, address heir) internal {
        self.pendingOwner = heir;
    }

    /// @param heir Zero: nobody owns it any more
    function setOwner(Office storage self, address heir) internal {
        delete self.pendingOwner;
        self.owner = heir;
    }

    function appointGuardian(Office storage self, address guardian) internal {
        self.guardian = guardian;
        self.guardianSpent = false;
    }

    function spendGuardian(Office storage self) internal {
        require(msg.sender == self.guardian, IGovernance.NotOwnerOrGuardian(msg.sender));
        require(!self.guardianSpent, IGovernance.GuardianSpent(msg.sender));
        self.guardianSpent = true;
    }

    /// @param until 0: not at all
    function pauseUntil(Office storage self, uint40 until) internal {
        self.pausedUntil = until;
    }

    function isPaused(Office storage self) internal view returns (bool) {
        return block.timestamp <= self.pausedUntil;
    }

    function requireNotPaused(Office storage self) internal view {
        require(!self.isPaused(), IGovernance.EnforcedPause());
    }

    function requirePaused(Office storage self) internal view {
        require(self.isPaused(), IGovernance.ExpectedPause());
    }
}
