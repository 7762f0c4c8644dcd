// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Request} from "../contracts/types/Request.sol";
import {IPriceModel} from "./IPriceModel.sol";

/// @title A price that rises while nearly all that is for sale is taken, and falls while much of it isn't
/// @notice Utilizations are in billionths: how much of R_p is demanded, at most all of it.
interface IPriceController is IPriceModel {
    /// @notice Each request is listed once: their ids ascend
    error NotAscending(bytes32 requestId);

    /// @notice `leftOut`: units of listed requests that were no demand
    event PriceUpdated(uint96 price, uint32 utilization, uint256 leftOut);

    /// @notice Move the price by the time since the last update, and observe the class's utilization
    /// @param hollow Posted requests that are no demand at this price, by ascending id: they bid less than the last
    /// update's price, or have expired. Whoever finds fake demand lists it here. What isn't posted (any more), is of
    /// another class, or can trade at the price changes nothing here, so that nobody can make an update fail.
    /// @dev Anybody may call it. Emits PriceUpdated. Reverts: NotAscending; UnknownResource, if the model was deployed
    /// for a class that there isn't.
    /// @return price per unit from now on, in 10^-18 token
    function update(Request[] calldata hollow) external returns (uint96 price);

    /// @notice What the last update left
    /// @return price per unit then, in 10^-18 token
    /// @return updatedAt When
    /// @return lowest Lowest utilization observed in the window of that update; windows begin at multiples of their
    /// length
    /// @return lowestBefore The same of the last window before in which there was an update
    function state()
        external
        view
        returns (uint96 price, uint40 updatedAt, uint32 lowest, uint32 lowestBefore);
}
