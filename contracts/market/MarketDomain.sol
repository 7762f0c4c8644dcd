// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IComputeMarket} from "../../interfaces/IComputeMarket.sol";

/// @title Digests of messages under the EIP-712 domain of a market, for contracts beside it
abstract contract MarketDomain {
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    IComputeMarket internal immutable _market;
    bytes32 private immutable _separator;
    uint256 private immutable _chainId;

    constructor(IComputeMarket market_) {
        (_market, _separator, _chainId) = (market_, _separatorOf(market_), block.chainid);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        // After the chain has split, a signature holds on one of the two.
        bytes32 separator = block.chainid == _chainId ? _separator : _separatorOf(_market);
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }

    function _separatorOf(IComputeMarket market_) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    DOMAIN_TYPEHASH,
                    keccak256("Suanli"),
                    keccak256("1"),
                    block.chainid,
                    market_
                )
            );
    }
}
