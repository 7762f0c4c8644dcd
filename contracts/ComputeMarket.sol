// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IComputeMarket} from "../interfaces/IComputeMarket.sol";
import {Escrow} from "./market/Escrow.sol";
import {MinerRegistry} from "./market/MinerRegistry.sol";
import {Settlement} from "./market/Settlement.sol";

/// @title Suanli's compute market: registry, requests, escrow, settlement and price
contract ComputeMarket is Settlement, IComputeMarket {
    /// @param token Settlement token: an ordinary ERC-20 with 6 to 24 decimals
    /// @param owner Governance; ownership moves in two steps
    /// @param unbondingDelay Seconds stake waits before it leaves, at most 60 days
    constructor(
        IERC20Metadata token,
        address owner,
        uint32 unbondingDelay
    ) Ownable(owner) Escrow(token) MinerRegistry(unbondingDelay) {}
}
