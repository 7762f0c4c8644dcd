// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IResourceClasses} from "../../interfaces/IResourceClasses.sol";
import {ITermsBook} from "../../interfaces/ITermsBook.sol";
import {ResourceId, TermsId} from "../types/Ids.sol";
import {ResourceClass} from "../types/ResourceClass.sol";
import {Terms} from "../types/Terms.sol";
import {Totals} from "../types/Totals.sol";
import {Delegated} from "./Delegated.sol";
import {MarketStorage} from "./MarketStorage.sol";

/// @title What clients and other contracts read most of classes and terms
abstract contract Views is MarketStorage, Delegated, IResourceClasses, ITermsBook {
    /// @inheritdoc IResourceClasses
    function resourceClass(
        ResourceId resource
    ) external view throughMarket returns (ResourceClass memory) {
        return _classes.known(resource);
    }

    /// @inheritdoc IResourceClasses
    function supplyOf(
        ResourceId resource
    )
        external
        view
        throughMarket
        returns (uint256 registered, uint256 published, uint256 demanded, int256 unused)
    {
        _classes.requireKnown(resource);
        Totals memory totals = _classes.totalsOf(resource);
        (registered, published, demanded) = (totals.registered, totals.published, totals.demanded);
        // uint80 sums are far from the bounds of int256
        unused = int256(registered) - int256(published) - int256(demanded);
    }

    /// @inheritdoc IResourceClasses
    function priceOf(ResourceId resource) external view throughMarket returns (uint96) {
        _classes.requireKnown(resource);
        return _classes.price(resource, 0);
    }

    /// @inheritdoc ITermsBook
    function termsOf(TermsId terms) external view throughMarket returns (Terms memory) {
        return _terms.known(terms);
    }
}
