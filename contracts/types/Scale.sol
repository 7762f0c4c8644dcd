// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev Turns a price in 10^-18 token per unit into base units: value x up / down, packed as up << 128 | down
type Scale is uint256;

using ScaleLibrary for Scale global;

/// @title Value of units at a price, in the token's base units
/// @dev No overflow: units < 2^64, prices < 2^96 and up <= 10^6 stay below 2^180.
library ScaleLibrary {
    /// @param decimals The token's, 6 to 24
    function ofDecimals(uint8 decimals) internal pure returns (Scale) {
        uint256 up = decimals > 18 ? 10 ** (decimals - 18) : 1;
        uint256 down = decimals < 18 ? 10 ** (18 - decimals) : 1;
        return Scale.wrap((up << 128) | down);
    }

    /// @notice What is locked or pledged: rounded up
    function valueUp(Scale scale, uint64 units, uint96 price) internal pure returns (uint256) {
        return Math.ceilDiv(uint256(units) * price * _up(scale), _down(scale));
    }

    /// @notice What is paid or slashed: rounded down
    function valueDown(Scale scale, uint64 units, uint96 price) internal pure returns (uint256) {
        return (uint256(units) * price * _up(scale)) / _down(scale);
    }

    /// @notice What units of a leased class cost for a time: rounded up
    /// @dev No overflow: with 32 bits of seconds it stays below 2^212.
    /// @param unitSeconds How long a unit lasts
    function rentUp(
        Scale scale,
        uint64 units,
        uint32 time,
        uint32 unitSeconds,
        uint96 price
    ) internal pure returns (uint256) {
        uint256 whole = uint256(units) * time * price * _up(scale);
        return Math.ceilDiv(whole, _down(scale) * unitSeconds);
    }

    /// @notice How many units at this price an amount stands for: rounded up
    /// @dev For amounts up to `valueDown(units, price)` the result is at most `units`, so it fits in 64 bits.
    function unitsUp(Scale scale, uint256 amount, uint96 price) internal pure returns (uint64) {
        return uint64(Math.ceilDiv(amount * _down(scale), price * _up(scale)));
    }

    /// @notice An amount in 10^-9 token: rounded down
    function billionthsDown(Scale scale, uint256 amount) internal pure returns (uint256) {
        return (amount * _down(scale)) / (_up(scale) * 1e9);
    }

    function _up(Scale scale) private pure returns (uint256) {
        return Scale.unwrap(scale) >> 128;
    }

    function _down(Scale scale) private pure returns (uint256) {
        return uint128(Scale.unwrap(scale));
    }
}
