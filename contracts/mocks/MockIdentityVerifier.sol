// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IIdentityVerifier} from "../../interfaces/IIdentityVerifier.sol";

/// @title Identities that anyone may set
contract MockIdentityVerifier is IIdentityVerifier {
    /// @inheritdoc IIdentityVerifier
    mapping(address account => bool verified) public isVerified;

    function setVerified(address account, bool verified) external {
        isVerified[account] = verified;
    }
}
