// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title What the market asks a court before terms name it
interface ILeastTimes {
    /// @notice The shortest times in which it can do its work; no terms that name it have shorter ones
    /// @return challengeWindow Seconds from submission on: to notice a wrong result and to file
    /// @return verdictBy Seconds after the window: for its longest procedure, cure and appeal included
    function leastTimes() external view returns (uint32 challengeWindow, uint32 verdictBy);
}
