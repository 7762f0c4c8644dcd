// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Tells whether an account's identity is currently attested
interface IIdentityVerifier {
    /// @param account The address asked about
    /// @return verified True while a valid attestation exists
    function isVerified(address account) external view returns (bool verified);
}
