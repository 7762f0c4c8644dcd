"""Made from the contracts' build by `make abi`."""
