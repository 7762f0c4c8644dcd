// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IEscrow} from "./IEscrow.sol";
import {IMinerRegistry} from "./IMinerRegistry.sol";
import {IRequestBook} from "./IRequestBook.sol";
import {IResourceClasses} from "./IResourceClasses.sol";
import {ISettlement} from "./ISettlement.sol";
import {ITermsBook} from "./ITermsBook.sol";

/// @title The whole market, as deployed
/// @dev Beside what stands here the deployed contract has OpenZeppelin's Ownable2Step and Pausable and an ERC-5267
/// eip712Domain(), with the errors OwnableUnauthorizedAccount, OwnableInvalidOwner, EnforcedPause, ExpectedPause and
/// ReentrancyGuardReentrantCall, and SafeCastOverflowedUintDowncast for a class's totals beyond 2^80 - 1 units.
interface IComputeMarket is
    IEscrow,
    IResourceClasses,
    IMinerRegistry,
    ITermsBook,
    IRequestBook,
    ISettlement
{}
