// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {IFaucet} from "../../interfaces/IFaucet.sol";
import {LocalChains} from "../libraries/LocalChains.sol";

/// @title Settlement token for local chains: anyone may take from its faucet
contract LocalToken is ERC20Permit, IFaucet {
    error LocalChainsOnly(uint256 chainId);

    uint8 private immutable _decimals;

    constructor(
        uint8 decimals_
    ) ERC20("Suanli local token", "SLT") ERC20Permit("Suanli local token") {
        require(LocalChains.here(), LocalChainsOnly(block.chainid));
        _decimals = decimals_;
    }

    /// @inheritdoc IFaucet
    function faucet(uint256 amount) external {
        _mint(msg.sender, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
