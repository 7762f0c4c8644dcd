// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {Allocation} from "./types/Allocation.sol";

/// @title The token that votes
/// @notice Supply rule: a thousand million tokens are made at deployment, by an explicit table, and none ever after;
/// nothing burns them. What the table does not give away is the reserve's, which is the timelock: as long as it is
/// there it has no votes, and no quorum counts it. Deals are settled in another token.
contract MarketToken is ERC20Permit, ERC20Votes {
    /// @notice Undistributed tokens have no votes to delegate
    error ReserveCantVote(address reserve);
    /// @notice The table gives away more than there is
    error AllocationTooLarge(uint256 total, uint256 supply);
    error NoReserve();

    /// @notice All tokens that there are and will be, in base units
    uint256 public constant SUPPLY = 1_000_000_000 ether;
    /// @notice Who has what is not distributed; fixed
    address public immutable reserve;

    /// @param reserve_ Gets what the table leaves
    /// @param allocations Who has how much at first; each votes with its own, unless it delegates to another
    constructor(
        address reserve_,
        Allocation[] memory allocations
    ) ERC20("Suanli market token", "SUAN") ERC20Permit("Suanli market token") {
        require(reserve_ != address(0), NoReserve());
        reserve = reserve_;
        uint256 total = 0;
        for (uint256 i = 0; i < allocations.length; ++i) {
            total += allocations[i].amount;
            require(total <= SUPPLY, AllocationTooLarge(total, SUPPLY));
            _delegate(allocations[i].holder, allocations[i].holder);
            _mint(allocations[i].holder, allocations[i].amount);
        }
        _mint(reserve_, SUPPLY - total);
    }

    /// @notice Seconds since 1970: blocks take different times on different chains
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    // ERC-6372's name.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _delegate(address account, address delegatee) internal override {
        require(account != reserve, ReserveCantVote(account));
        super._delegate(account, delegatee);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    /// @dev To the count of votes, the reserve is nowhere: what leaves it is made, what enters it is unmade.
    function _transferVotingUnits(address from, address to, uint256 amount) internal override {
        super._transferVotingUnits(_counted(from), _counted(to), amount);
    }

    function _counted(address account) private view returns (address) {
        return account == reserve ? address(0) : account;
    }
}
