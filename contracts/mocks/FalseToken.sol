// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A token that returns false where others revert; it has no permit
contract FalseToken {
    uint8 public constant decimals = 18;

    bool private _stuck;
    mapping(address account => uint256) public balanceOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;

    function faucet(uint256 amount) external {
        balanceOf[msg.sender] += amount;
    }

    /// @notice From now on every transfer fails, or none does
    function setStuck(bool stuck) external {
        _stuck = stuck;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        if (amount > allowance[from][msg.sender]) return false;
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        if (_stuck || amount > balanceOf[from]) return false;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}
