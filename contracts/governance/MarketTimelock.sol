// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IOwnership} from "../../interfaces/IOwnership.sol";
import {VotingBounds} from "../libraries/VotingBounds.sol";

/// @title The owner of all that has an owner
/// @notice What the governor was told by a vote waits here before it happens. Its roles are fixed: the governor
/// proposes, cancels and executes; nobody can give a role, take one or pass on one, a vote neither.
contract MarketTimelock is TimelockController {
    error NotTheInstaller(address caller);
    error AlreadyInstalled(address governor);
    /// @notice Who may do what here was settled at deployment
    error RolesAreFixed();
    error NotAGovernor(address governor);

    event GovernorInstalled(address governor);

    /// @notice The one that proposes, cancels and executes; zero: nobody yet
    address public governor;

    address private immutable _installer;
    uint256 private _delay;

    /// @param delay Seconds between a vote and its effect: at least 2 days, at most 30; on local chains from 1 second
    constructor(
        uint256 delay
    ) TimelockController(delay, new address[](0), new address[](0), address(0)) {
        VotingBounds.requireTimelock(delay);
        _delay = delay;
        _installer = msg.sender;
        _revokeRole(DEFAULT_ADMIN_ROLE, address(this));
    }

    /// @notice Give the governor its roles. Once, by who deployed this.
    /// @dev Emits GovernorInstalled. Reverts: NotTheInstaller, AlreadyInstalled, NotAGovernor.
    function install(address governor_) external {
        require(msg.sender == _installer, NotTheInstaller(msg.sender));
        require(governor == address(0), AlreadyInstalled(governor));
        require(governor_.code.length != 0, NotAGovernor(governor_));
        governor = governor_;
        _grantRole(PROPOSER_ROLE, governor_);
        _grantRole(CANCELLER_ROLE, governor_);
        _grantRole(EXECUTOR_ROLE, governor_);
        emit GovernorInstalled(governor_);
    }

    /// @notice Accept an ownership that was offered to this timelock. By anybody: it can't be lost so.
    function takeOwnership(IOwnership offered) external {
        offered.acceptOwnership();
    }

    /// @notice Change the delay, within its bounds. By a vote.
    /// @dev Emits MinDelayChange. Reverts: TimelockUnauthorizedCaller, OutOfBounds.
    function updateDelay(uint256 newDelay) external override {
        require(msg.sender == address(this), TimelockUnauthorizedCaller(msg.sender));
        VotingBounds.requireTimelock(newDelay);
        emit MinDelayChange(_delay, newDelay);
        _delay = newDelay;
    }

    /// @inheritdoc TimelockController
    function getMinDelay() public view override returns (uint256) {
        return _delay;
    }

    /// @notice Refused: roles are fixed
    function renounceRole(bytes32, address) public pure override {
        revert RolesAreFixed();
    }
}
