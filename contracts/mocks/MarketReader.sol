// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IComputeMarket} from "../../interfaces/IComputeMarket.sol";
import {ResourceId, TermsId} from "../types/Ids.sol";

/// @title Reads a whole market through its getters in one call
/// @dev The state machines compare what it returns with their model after every step.
contract MarketReader {
    uint256 private constant MOST_BYTES = 2 ** 16;

    IComputeMarket private immutable _market;
    address private immutable _token;
    address[] private _accounts;

    constructor(IComputeMarket market, address[] memory accounts) {
        _market = market;
        _token = market.token();
        _accounts = accounts;
    }

    /// @return found What the getters of balances, miners, offers, supply, prices and the deals named return, one
    /// after the other: of the market, of each account, of each class, of each deal
    function read(bytes32[] calldata ids) external view returns (bytes memory found) {
        found = new bytes(MOST_BYTES);
        uint256 length = _appendBalance(found, 0, address(_market));
        uint32 classes = _market.resourceCount();
        for (uint256 i = 0; i < _accounts.length; ++i) {
            length = _readAccount(found, length, _accounts[i], classes);
        }
        for (uint32 id = 1; id <= classes; ++id) {
            length = _append(
                found,
                length,
                abi.encodeCall(_market.supplyOf, (ResourceId.wrap(id)))
            );
            length = _append(found, length, abi.encodeCall(_market.priceOf, (ResourceId.wrap(id))));
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            length = _append(found, length, abi.encodeCall(_market.dealOf, (ids[i])));
        }
        _cut(found, length);
    }

    /// @return found What the getters of what the owner sets return: of the market, of each class, of each record
    function readOwners() external view returns (bytes memory found) {
        found = new bytes(MOST_BYTES);
        uint256 length = _append(found, 0, abi.encodeCall(_market.owner, ()));
        length = _append(found, length, abi.encodeCall(_market.pendingOwner, ()));
        length = _append(found, length, abi.encodeCall(_market.guardian, ()));
        length = _append(found, length, abi.encodeCall(_market.paused, ()));
        length = _append(found, length, abi.encodeCall(_market.resourceCount, ()));
        length = _append(found, length, abi.encodeCall(_market.termsCount, ()));
        for (uint32 id = 1; id <= _market.resourceCount(); ++id) {
            length = _append(
                found,
                length,
                abi.encodeCall(_market.resourceClass, (ResourceId.wrap(id)))
            );
            length = _append(
                found,
                length,
                abi.encodeCall(_market.runtimesOf, (ResourceId.wrap(id)))
            );
        }
        for (uint32 id = 1; id <= _market.termsCount(); ++id) {
            length = _append(found, length, abi.encodeCall(_market.termsOf, (TermsId.wrap(id))));
        }
        _cut(found, length);
    }

    function _cut(bytes memory found, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(found, length)
        }
    }

    function _readAccount(
        bytes memory found,
        uint256 length,
        address account,
        uint32 classes
    ) private view returns (uint256) {
        length = _append(found, length, abi.encodeCall(_market.accountOf, (account)));
        length = _append(found, length, abi.encodeCall(_market.epochOf, (account)));
        length = _appendBalance(found, length, account);
        uint256 before = length;
        length = _append(found, length, abi.encodeCall(_market.minerStatus, (account)));
        if (length == before) return length;
        length = _append(found, length, abi.encodeCall(_market.minerAccount, (account)));
        for (uint32 id = 1; id <= classes; ++id) {
            length = _append(
                found,
                length,
                abi.encodeCall(_market.offerOf, (account, ResourceId.wrap(id)))
            );
        }
        return length;
    }

    function _appendBalance(
        bytes memory found,
        uint256 length,
        address account
    ) private view returns (uint256) {
        return _appendFrom(_token, found, length, abi.encodeCall(IERC20.balanceOf, (account)));
    }

    function _append(
        bytes memory found,
        uint256 length,
        bytes memory message
    ) private view returns (uint256) {
        return _appendFrom(address(_market), found, length, message);
    }

    /// @dev Appends nothing if the call fails.
    function _appendFrom(
        address target,
        bytes memory found,
        uint256 length,
        bytes memory message
    ) private view returns (uint256 longer) {
        longer = length;
        assembly ("memory-safe") {
            if staticcall(gas(), target, add(message, 32), mload(message), 0, 0) {
                returndatacopy(add(add(found, 32), length), 0, returndatasize())
                longer := add(length, returndatasize())
            }
        }
        require(longer <= MOST_BYTES, "MarketReader: more than it has room for");
    }
}
