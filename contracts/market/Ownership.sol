// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOwnership} from "../../interfaces/IOwnership.sol";
import {Delegated} from "./Delegated.sol";
import {MarketStorage} from "./MarketStorage.sol";

/// @title Ownership that moves in two steps
abstract contract Ownership is MarketStorage, Delegated, IOwnership {
    modifier onlyOwner() {
        _office.requireOwner();
        _;
    }

    /// @inheritdoc IOwnership
    function owner() external view throughMarket returns (address) {
        return _office.owner;
    }

    /// @inheritdoc IOwnership
    function pendingOwner() external view throughMarket returns (address) {
        return _office.pendingOwner;
    }

    /// @inheritdoc IOwnership
    function transferOwnership(address heir) external throughMarket onlyOwner {
        _office.offerOwnership(heir);
        emit OwnershipTransferStarted(msg.sender, heir);
    }

    /// @inheritdoc IOwnership
    function acceptOwnership() external throughMarket {
        require(msg.sender == _office.pendingOwner, OwnableUnauthorizedAccount(msg.sender));
        _handOver(msg.sender);
    }

    /// @inheritdoc IOwnership
    function renounceOwnership() external throughMarket onlyOwner {
        _handOver(address(0));
    }

    function _handOver(address heir) private {
        address former = _office.owner;
        _office.setOwner(heir);
        emit OwnershipTransferred(former, heir);
    }
}
