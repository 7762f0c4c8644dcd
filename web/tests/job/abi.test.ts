import { readFileSync } from "node:fs";
import { formatAbi } from "abitype";
import type { Abi } from "viem";
import { expect, test } from "vitest";
import { MARKET, STATES, TOKEN } from "../../src/chain/abi";

const CONTRACTS = new URL("../../../", import.meta.url);

function shipped(name: string): string[] {
    const path = new URL(`suanli/chain/generated/${name}.json`, CONTRACTS);
    return formatAbi((JSON.parse(readFileSync(path, "utf8")) as { abi: Abi }).abi) as string[];
}

/** Without names of arguments, which are for people. */
const types = (abi: readonly string[]) =>
    abi.map((item) => item.replace(/ (?!view|returns)\w+(?=[,)])/g, ""));

test("the market's functions are those of the shipped contracts", () => {
    const known = types([...shipped("ComputeMarket"), ...shipped("MarketExtension")]);
    for (const item of types(formatAbi(MARKET) as readonly string[])) expect(known).toContain(item);
});

test("the token's functions are ERC-20's", () => {
    const known = types(shipped("LocalToken"));
    for (const item of types(formatAbi(TOKEN) as readonly string[])) expect(known).toContain(item);
});

test("the states are the contract's", () => {
    const source = readFileSync(new URL("contracts/types/Deal.sol", CONTRACTS), "utf8");
    const names = /enum State \{([^}]*)\}/.exec(source)![1]!.replace(/\/\/.*/g, "");
    const states = names.split(",").map((name) => name.trim().toLowerCase());
    expect(states.filter(Boolean)).toEqual([...STATES]);
});
