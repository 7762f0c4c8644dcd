// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILeastTimes} from "../../interfaces/ILeastTimes.sol";
import {ITrials} from "../../interfaces/ITrials.sol";
import {Request} from "../types/Request.sol";

/// @title A court that decides whatever its caller says
contract MockCourt is ILeastTimes {
    ITrials private immutable _market;

    constructor(ITrials market) {
        _market = market;
    }

    /// @inheritdoc ILeastTimes
    function leastTimes() external pure returns (uint32 challengeWindow, uint32 verdictBy) {
        return (1 minutes, 1 minutes);
    }

    function freeze(Request calldata request) external {
        _market.freeze(request);
    }

    function thaw(Request calldata request) external {
        _market.thaw(request);
    }

    function noteReveal(Request calldata request) external {
        _market.noteReveal(request);
    }

    function setDue(Request calldata request, uint64 unitsDue) external {
        _market.setDue(request, unitsDue);
    }

    function resolve(
        Request calldata request,
        uint64 unitsDue,
        uint16 slashBps
    ) external returns (uint256 received) {
        return _market.resolve(request, unitsDue, slashBps);
    }
}
