import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { follow, isOver, type Standing } from "../../src/job/follow";
import type { DealNow, Market } from "../../src/job/market";
import type { Lodged } from "../../src/job/request";
import type { Hex } from "../../src/protocol/bytes";
import type { Kind, Message, Request } from "../../src/protocol/messages";
import { sign, signerOf } from "../../src/protocol/signatures";
import { writeSigned } from "../../src/protocol/signed";
import { Relay } from "../../src/relay/relay";
import { FakeRelay } from "./fake-relay";

const DOMAIN = { chainId: 1337, market: `0x${"ab".repeat(20)}` } as const;
const ID: Hex = `0x${"22".repeat(32)}`;
const MINER = privateKeyToAccount(`0x${"11".repeat(32)}`);
const OTHER = privateKeyToAccount(`0x${"12".repeat(32)}`);
const lodged = { id: ID, signed: { message: { confirmBy: 100 } as Request } } as Lodged;

/** A market whose deal is in these states one after the other, at these seconds; an error is a node that is away. */
function market(states: readonly (DealNow["state"] | Error)[], now = 0): Market {
    const left = [...states];
    const minerId = 7;
    return {
        dealOf: async () => {
            const state = left.shift()!;
            if (state instanceof Error) throw state;
            return {
                state,
                minerId,
                price: 5n,
                time: 0,
                root: `0x${"00".repeat(32)}`,
                unitsUsed: 0n,
            };
        },
        minerOf: async (id: number) => (id === minerId ? MINER.address.toLowerCase() : "0x"),
        now: async () => now,
    } as unknown as Market;
}

async function said<K extends Kind>(kind: K, by: typeof MINER, rest: object): Promise<string> {
    const message = { miner: by.address.toLowerCase(), issued: 1, request: ID, ...rest };
    return writeSigned(kind, await sign(kind, DOMAIN, message as Message<K>, signerOf(by)));
}

function relayThatSays(words: { [place: string]: string[] }): Relay {
    const fake = new FakeRelay();
    for (const place of ["progress", "claims", "rejections"])
        fake.answers.set(
            `/v1/requests/${ID}/${place}`,
            () => new Response(`[${(words[place] ?? []).join(",")}]`),
        );
    return new Relay("http://relay", DOMAIN, { fetch: fake.fetch });
}

async function all(market: Market, relay: Relay): Promise<Standing[]> {
    const standings: Standing[] = [];
    for await (const standing of follow(market, relay, lodged, { every: 0 }))
        standings.push(standing);
    return standings;
}

test("what the deal's miner says is told, what others say is not", async () => {
    const claim = { root: `0x${"33".repeat(32)}`, unitsUsed: 9n, leaves: `0x${"44".repeat(32)}` };
    const relay = relayThatSays({
        progress: [
            await said("Progress", OTHER, { done: 9, tasks: 9 }),
            await said("Progress", MINER, { done: 2, tasks: 9 }),
        ],
        claims: [
            await said("Claim", OTHER, { ...claim, unitsUsed: 1n }),
            await said("Claim", MINER, claim),
        ],
    });
    const standings = await all(market(["none", "confirmed", "confirmed", "settled"]), relay);
    expect(standings.map(({ deal, done }) => [deal.state, done])).toEqual([
        ["none", 0],
        ["confirmed", 2],
        ["settled", 2],
    ]);
    expect(standings[1]!.claim).toMatchObject(claim);
    expect(standings.map(isOver)).toEqual([false, false, true]);
});

test("a request that nobody takes is told with the reasons, and over when its time is", async () => {
    const why = { reason: "price: too low", isFinal: true };
    const relay = relayThatSays({ rejections: [await said("Rejection", MINER, why)] });
    const [open] = await all(market(["none", "settled"], 100), relay);
    expect(open!.rejections).toMatchObject([why]);
    const [over] = await all(market(["none"], 101), relay);
    expect(over!.deal.state).toBe("expired");
});

test("a node or a relay that is away is told, and forgets nothing", async () => {
    const relay = relayThatSays({
        progress: [await said("Progress", MINER, { done: 2, tasks: 9 })],
    });
    const away = market(["confirmed", new Error("no route"), "confirmed", "settled"]);
    const standings = await all(away, relay);
    expect(standings.map(({ done, trouble }) => [done, trouble])).toEqual([
        [2, undefined],
        [2, "the node can't be asked: no route"],
        [2, undefined],
        [2, undefined],
    ]);
    const broken = new Relay("http://relay", DOMAIN, {
        fetch: () => Promise.reject(new TypeError("no route")),
    });
    const [first, second] = await all(market(["confirmed", "settled"]), broken);
    expect(first!.trouble).toContain("the relay can't be reached");
    expect(second!.deal.state).toBe("settled");
});

test("following ends when it is asked to", async () => {
    const ending = new AbortController();
    const states = Array<DealNow["state"]>(9).fill("none");
    const seen: Standing[] = [];
    for await (const standing of follow(market(states), relayThatSays({}), lodged, {
        every: 60_000,
        signal: ending.signal,
    })) {
        seen.push(standing);
        ending.abort();
    }
    expect(seen).toHaveLength(1);
});
