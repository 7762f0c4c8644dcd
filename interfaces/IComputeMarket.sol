// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IEscrow} from "./IEscrow.sol";
import {IGovernance} from "./IGovernance.sol";
import {IExtension} from "./IExtension.sol";
import {ILeasing} from "./ILeasing.sol";
import {IMinerRegistry} from "./IMinerRegistry.sol";
import {IMulticall} from "./IMulticall.sol";
import {IOwnership} from "./IOwnership.sol";
import {IRequestBook} from "./IRequestBook.sol";
import {IResourceClasses} from "./IResourceClasses.sol";
import {ISettlement} from "./ISettlement.sol";
import {ISuccession} from "./ISuccession.sol";
import {ITermsBook} from "./ITermsBook.sol";
import {ITrials} from "./ITrials.sol";

/// @title The whole market, as users see it at one address
/// @dev `ComputeMarket` does what `IEscrow`, `IMinerRegistry`, `IRequestBook`, `ISettlement` and `ITrials` say; the
/// other functions it hands to its extension.
/// Each function names what it reverts with, in the order in which it is checked, and what it emits.
interface IComputeMarket is
    IEscrow,
    IResourceClasses,
    IMinerRegistry,
    ITermsBook,
    IRequestBook,
    ISettlement,
    ITrials,
    IMulticall,
    ISuccession,
    IOwnership,
    IGovernance,
    ILeasing,
    IExtension
{
    /// @notice The extension was made for another token, scale or delay
    error ForeignExtension(address extension);
    error ReentrancyGuardReentrantCall();
    /// @notice The totals of a class would exceed 2^80 - 1 units
    error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value);

    /// @notice Does what the market hands on; fixed at deployment
    function extension() external view returns (IExtension);

    /// @notice The domain of all signatures (ERC-5267)
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}
