// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPriceModel} from "../../interfaces/IPriceModel.sol";
import {IResourceClasses} from "../../interfaces/IResourceClasses.sol";

/// @title Resource classes with their supply and demand
abstract contract ResourceClasses is Ownable2Step, IResourceClasses {
    using SafeCast for uint256;

    /// @dev One slot: sums over all miners and requests, in units
    struct Totals {
        uint80 registered;
        uint80 published;
        uint80 demanded;
    }

    /// @inheritdoc IResourceClasses
    uint32 public resourceCount;

    mapping(uint32 resource => ResourceClass) internal _classes;
    mapping(uint32 resource => Totals) internal _totals;
    mapping(uint32 resource => mapping(bytes32 runtimeId => bool)) private _runtimes;

    /// @inheritdoc IResourceClasses
    function resourceClass(uint32 resource) external view returns (ResourceClass memory) {
        return _class(resource);
    }

    /// @inheritdoc IResourceClasses
    function isRuntimePermitted(uint32 resource, bytes32 runtimeId) external view returns (bool) {
        return _runtimes[resource][runtimeId];
    }

    /// @inheritdoc IResourceClasses
    function supplyOf(
        uint32 resource
    )
        external
        view
        returns (uint256 registered, uint256 published, uint256 demanded, int256 unused)
    {
        _class(resource);
        Totals memory totals = _totals[resource];
        (registered, published, demanded) = (totals.registered, totals.published, totals.demanded);
        // uint80 sums are far from the bounds of int256
        unused = int256(registered) - int256(published) - int256(demanded);
    }

    /// @inheritdoc IResourceClasses
    function priceOf(uint32 resource) external view returns (uint96) {
        _class(resource);
        return _price(resource, 0);
    }

    /// @inheritdoc IResourceClasses
    function addResourceClass(
        ResourceClass calldata class,
        string calldata unit,
        bytes32[] calldata runtimeIds
    ) external onlyOwner returns (uint32 resource) {
        _requireModel(class.priceModel);
        _requireAtLeastOne(class.floor);
        _requireAtLeastOne(class.stakePerUnit);
        _requireAtLeastOne(class.maxTaskUnits);
        resource = ++resourceCount;
        _classes[resource] = class;
        emit ResourceClassAdded(resource, unit);
        for (uint256 i = 0; i < runtimeIds.length; ++i) {
            _permitRuntime(resource, runtimeIds[i]);
        }
    }

    /// @inheritdoc IResourceClasses
    function permitRuntime(uint32 resource, bytes32 runtimeId) external onlyOwner {
        _class(resource);
        _permitRuntime(resource, runtimeId);
    }

    /// @inheritdoc IResourceClasses
    function setPriceModel(uint32 resource, IPriceModel priceModel) external onlyOwner {
        _requireModel(priceModel);
        _class(resource).priceModel = priceModel;
        emit PriceModelChanged(resource, priceModel);
    }

    /// @inheritdoc IResourceClasses
    function retireResourceClass(uint32 resource) external onlyOwner {
        _openClass(resource).retired = true;
        emit ResourceClassRetired(resource);
    }

    function _permitRuntime(uint32 resource, bytes32 runtimeId) private {
        require(!_runtimes[resource][runtimeId], RuntimeAlreadyPermitted(resource, runtimeId));
        _runtimes[resource][runtimeId] = true;
        emit RuntimePermitted(resource, runtimeId);
    }

    function _class(uint32 resource) internal view returns (ResourceClass storage class) {
        class = _classes[resource];
        require(address(class.priceModel) != address(0), UnknownResource(resource));
    }

    function _openClass(uint32 resource) internal view returns (ResourceClass storage class) {
        class = _class(resource);
        require(!class.retired, ResourceRetired(resource));
    }

    /// @dev A class in which deals can be made
    function _dealClass(uint32 resource) internal view returns (ResourceClass storage class) {
        class = _openClass(resource);
        require(class.kind == ResourceKind.Judged, ResourceLeased(resource));
    }

    /// @param ownUnits Units of the request being priced, which don't count as demand
    function _price(uint32 resource, uint64 ownUnits) internal view returns (uint96) {
        Totals storage totals = _totals[resource];
        return
            _classes[resource].priceModel.price(
                totals.registered,
                totals.published,
                totals.demanded - ownUnits
            );
    }

    function _changeRegistered(uint32 resource, uint64 from, uint64 to) internal {
        Totals storage totals = _totals[resource];
        totals.registered = (uint256(totals.registered) - from + to).toUint80();
    }

    function _changePublished(uint32 resource, uint64 from, uint64 to) internal {
        Totals storage totals = _totals[resource];
        totals.published = (uint256(totals.published) - from + to).toUint80();
    }

    function _addDemand(uint32 resource, uint64 units) internal {
        Totals storage totals = _totals[resource];
        totals.demanded = (uint256(totals.demanded) + units).toUint80();
    }

    function _removeDemand(uint32 resource, uint64 units) internal {
        _totals[resource].demanded -= units;
    }

    function _requireModel(IPriceModel model) private view {
        require(address(model).code.length != 0, NotAContract(address(model)));
    }

    function _requireAtLeastOne(uint256 value) private pure {
        require(value != 0, OutOfBounds(value, 1, type(uint96).max));
    }
}
