// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Tells whose identity is currently attested
/// @dev The market asks with 100,000 gas, never less or more, and takes anything but a plain yes for a no.
interface IIdentityVerifier {
    /// @param minerId A miner's number
    /// @param tenure Its tenure: what was attested of an earlier one does not hold for who came after
    /// @return verified True while a valid attestation exists
    function isVerified(uint32 minerId, uint32 tenure) external view returns (bool verified);

    /// @param account A requester's
    /// @return verified True while a valid attestation exists
    function isVerified(address account) external view returns (bool verified);
}
