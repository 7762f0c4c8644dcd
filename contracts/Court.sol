// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

import {IComputeMarket} from "../interfaces/IComputeMarket.sol";
import {ICourtViews} from "../interfaces/ICourtViews.sol";
import {Cases} from "./court/Cases.sol";
import {CourtStorage} from "./court/CourtStorage.sol";
import {Seats} from "./court/Seats.sol";
import {Escrow} from "./market/Escrow.sol";

/// @title Suanli's court: drawn jurors run a challenged task again
/// @notice `ICourt` is the whole of it: what isn't here, the extension does, on the storage of this contract.
contract Court is Cases, Seats, Escrow {
    /// @notice Does what isn't in this contract; fixed
    address public immutable extension;

    /// @param extension_ Has the market and all parameters
    constructor(
        ICourtViews extension_
    ) CourtStorage(IComputeMarket(extension_.market()), extension_.rules()) {
        extension = address(extension_);
    }

    /// @dev What the court received stands in the market until somebody takes out more than there is here.
    function _send(address to, uint256 amount) internal override {
        if (SafeTransferLib.balanceOf(_token, address(this)) < amount) {
            // A court locks nothing there
            // slither-disable-next-line unused-return
            (uint256 there, ) = _market.accountOf(address(this));
            if (there != 0) _market.withdraw(address(this), there);
        }
        super._send(to, amount);
    }

    /// @dev Not payable: the court takes no ether.
    fallback() external {
        address target = extension;
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
