// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IIdentityVerifier} from "../../interfaces/IIdentityVerifier.sol";

/// @title Identities that anyone may set
contract MockIdentityVerifier is IIdentityVerifier {
    mapping(address account => bool verified) private _accounts;
    mapping(uint32 minerId => mapping(uint32 tenure => bool verified)) private _miners;

    function setVerified(address account, bool verified) external {
        _accounts[account] = verified;
    }

    function setMinerVerified(uint32 minerId, uint32 tenure, bool verified) external {
        _miners[minerId][tenure] = verified;
    }

    /// @inheritdoc IIdentityVerifier
    function isVerified(uint32 minerId, uint32 tenure) external view returns (bool verified) {
        return _miners[minerId][tenure];
    }

    /// @inheritdoc IIdentityVerifier
    function isVerified(address account) external view returns (bool verified) {
        return _accounts[account];
    }
}
