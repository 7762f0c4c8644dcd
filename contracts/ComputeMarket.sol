// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IComputeMarket} from "../interfaces/IComputeMarket.sol";
import {IGovernance} from "../interfaces/IGovernance.sol";
import {IExtension} from "../interfaces/IExtension.sol";
import {IOwnership} from "../interfaces/IOwnership.sol";
import {MarketStorage} from "./market/MarketStorage.sol";
import {Trials} from "./market/Trials.sol";
import {Scale} from "./types/Scale.sol";

/// @title Suanli's compute market: registry, requests, escrow, settlement and price
/// @notice `IComputeMarket` is the whole of it: what isn't here, the extension does, on the storage of this contract.
contract ComputeMarket is Trials {
    /// @notice Does what isn't in this contract; fixed
    IExtension public immutable extension;

    /// @param token Settlement token: an ordinary ERC-20 with 6 to 24 decimals
    /// @param extension_ Made for the same token and delay
    /// @param owner Governance; ownership moves in two steps
    /// @param unbondingDelay Seconds stake waits before it leaves, at most 60 days
    constructor(
        IERC20Metadata token,
        IExtension extension_,
        address owner,
        uint32 unbondingDelay
    ) MarketStorage(token, unbondingDelay) {
        require(
            address(extension_).code.length != 0,
            IGovernance.NotAContract(address(extension_))
        );
        (address itsToken, uint256 itsScale, uint32 itsDelay) = extension_.immutables();
        require(
            itsToken == _token && itsScale == Scale.unwrap(_scale) && itsDelay == unbondingDelay,
            IComputeMarket.ForeignExtension(address(extension_))
        );
        extension = extension_;
        require(owner != address(0), IOwnership.OwnableInvalidOwner(owner));
        _office.setOwner(owner);
        emit IOwnership.OwnershipTransferred(address(0), owner);
    }

    /// @dev Not payable: the market takes no ether.
    fallback() external {
        address target = address(extension);
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let done := delegatecall(gas(), target, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            if iszero(done) {
                revert(data, returndatasize())
            }
            return(data, returndatasize())
        }
    }
}
