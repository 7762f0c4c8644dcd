// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IPriceController} from "../../interfaces/IPriceController.sol";
import {IPriceModel} from "../../interfaces/IPriceModel.sol";
import {IRequestBook} from "../../interfaces/IRequestBook.sol";
import {IResourceClasses} from "../../interfaces/IResourceClasses.sol";
import {Bounds} from "../libraries/Bounds.sol";
import {Exponential} from "../libraries/Exponential.sol";
import {State} from "../types/Deal.sol";
import {ResourceId} from "../types/Ids.sol";
import {Request} from "../types/Request.sol";

/// @title P grows by speed * (utilization - target) * seconds, in its logarithm
/// @notice Demand costs little to fake, so what counts is the least utilization that anybody observed in this window
/// and the one before. For one class of one market. Prices in 10^-18 token per unit.
contract AdaptivePriceModel is IPriceController {
    /// @dev One slot
    struct Observed {
        uint96 price;
        uint40 updatedAt;
        uint32 lowest;
        uint32 lowestBefore;
    }

    uint256 private constant WHOLE = 1e9;
    /// @dev So that rounding moves no price by more than a billionth
    uint256 private constant LOWEST_FLOOR = 1e9;

    address public immutable market;
    ResourceId public immutable resource;
    /// @notice Utilization at which the price stays, in billionths
    uint256 public immutable target;
    /// @notice Growth of the price's logarithm a second at a utilization of 100 % above the target, in 10^-18
    uint256 public immutable speed;
    /// @notice Most seconds that an update makes up for, and how long a low utilization is remembered at least
    uint256 public immutable window;
    uint96 public immutable floor;
    uint96 public immutable cap;

    /// @inheritdoc IPriceController
    Observed public state;

    /// @param start Price until the first update after it
    constructor(
        address market_,
        ResourceId resource_,
        uint256 target_,
        uint256 speed_,
        uint256 window_,
        uint96 start,
        uint96 floor_,
        uint96 cap_
    ) {
        Bounds.requireWithin(target_, 1, WHOLE - 1);
        Bounds.requireWithin(window_, 1 minutes, 1 days);
        // A step changes the price by a factor of e at most
        Bounds.requireWithin(speed_, 1, Exponential.ONE / window_);
        Bounds.requireWithin(floor_, LOWEST_FLOOR, cap_);
        Bounds.requireWithin(start, floor_, cap_);
        (market, resource) = (market_, resource_);
        (target, speed, window, floor, cap) = (target_, speed_, window_, floor_, cap_);
        uint32 neutral = uint32(target_);
        state = Observed(start, uint40(block.timestamp), neutral, neutral);
    }

    /// @inheritdoc IPriceController
    function update(Request[] calldata hollow) external returns (uint96 moved) {
        Observed memory old = state;
        (, uint256 published, uint256 demanded, ) = IResourceClasses(market).supplyOf(resource);
        uint256 leftOut = _hollowUnits(hollow, old.price);
        uint256 utilization = _utilization(published, demanded - leftOut);
        moved = _moved(old, utilization);
        bool sameWindow = block.timestamp / window == old.updatedAt / window;
        // A utilization is at most 10^9; times have 40 bits everywhere
        uint32 observed = uint32(utilization);
        state = Observed({
            price: moved,
            updatedAt: uint40(block.timestamp),
            lowest: sameWindow && old.lowest < observed ? old.lowest : observed,
            lowestBefore: sameWindow ? old.lowestBefore : old.lowest
        });
        emit PriceUpdated(moved, observed, leftOut);
    }

    /// @inheritdoc IPriceModel
    /// @dev What an update would make of it now
    function price(uint256, uint256 published, uint256 demanded) external view returns (uint96) {
        return _moved(state, _utilization(published, demanded));
    }

    /// @dev The price after the time since the last update
    function _moved(Observed memory old, uint256 utilization) private view returns (uint96) {
        uint256 lowest = Math.min(Math.min(old.lowestBefore, old.lowest), utilization);
        if (lowest > target) {
            uint256 risen = (old.price * _growth(old, lowest - target)) / Exponential.ONE;
            // At most the cap, of 96 bits
            return uint96(Math.min(risen, cap));
        }
        uint256 fallen = (old.price * Exponential.ONE) / _growth(old, target - lowest);
        // At most the old price, of 96 bits
        return uint96(Math.max(fallen, floor));
    }

    function _growth(Observed memory old, uint256 distance) private view returns (uint256) {
        uint256 elapsed = Math.min(block.timestamp - old.updatedAt, window);
        return Exponential.exp((speed * elapsed * distance) / WHOLE);
    }

    /// @dev Nothing wanted where nothing is for sale says nothing
    function _utilization(uint256 published, uint256 demanded) private view returns (uint256) {
        if (demanded >= published) return demanded == 0 ? target : WHOLE;
        return (demanded * WHOLE) / published;
    }

    /// @dev Of requests that count as demand in the market, but not here. The others are passed over, so that nobody
    /// makes an update fail by cancelling what it lists.
    function _hollowUnits(
        Request[] calldata listed,
        uint96 last
    ) private view returns (uint256 units) {
        bytes32 previous;
        for (uint256 i = 0; i < listed.length; ++i) {
            Request calldata request = listed[i];
            bytes32 id = IRequestBook(market).requestId(request);
            require(id > previous, NotAscending(id));
            previous = id;
            if (_isHollow(request, id, last)) units += request.units;
        }
    }

    function _isHollow(
        Request calldata request,
        bytes32 id,
        uint96 last
    ) private view returns (bool) {
        bool tooLow = request.maxPrice < last || request.confirmBy < block.timestamp;
        return
            tooLow &&
            ResourceId.unwrap(request.resource) == ResourceId.unwrap(resource) &&
            IRequestBook(market).dealOf(id).state == State.Posted;
    }
}
