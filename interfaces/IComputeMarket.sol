// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IEscrow} from "./IEscrow.sol";
import {IMinerRegistry} from "./IMinerRegistry.sol";
import {IRequestBook} from "./IRequestBook.sol";
import {IResourceClasses} from "./IResourceClasses.sol";
import {ISettlement} from "./ISettlement.sol";
import {ITermsBook} from "./ITermsBook.sol";

/// @title The whole market, as deployed
/// @dev Beside what stands here the deployed contract has OpenZeppelin's Ownable2Step, Pausable and EIP712
/// (ERC-5267), with their errors OwnableUnauthorizedAccount, EnforcedPause and ExpectedPause; transfers fail with
/// SafeERC20FailedOperation, and a class's totals beyond 2^80 - 1 units with SafeCastOverflowedUintDowncast.
interface IComputeMarket is
    IEscrow,
    IResourceClasses,
    IMinerRegistry,
    ITermsBook,
    IRequestBook,
    ISettlement
{}
