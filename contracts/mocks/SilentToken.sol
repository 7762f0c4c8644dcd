// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A token of 6 decimals that reverts on failure and returns nothing on success; it has no permit
contract SilentToken {
    error Insufficient(address account, uint256 present, uint256 needed);

    uint8 public constant decimals = 6;

    mapping(address account => uint256) public balanceOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;

    function faucet(uint256 amount) external {
        balanceOf[msg.sender] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        uint256 allowed = allowance[from][msg.sender];
        require(amount <= allowed, Insufficient(msg.sender, allowed, amount));
        allowance[from][msg.sender] = allowed - amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        require(amount <= balanceOf[from], Insufficient(from, balanceOf[from], amount));
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
