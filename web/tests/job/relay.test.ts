import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { cidOf, digestOf, encodeBatch } from "../../src/protocol/blobs";
import { type Hex, utf8 } from "../../src/protocol/bytes";
import { sign, signerOf } from "../../src/protocol/signatures";
import { writeSigned } from "../../src/protocol/signed";
import { BlobMissing, RelayAway, RelayRefused } from "../../src/relay/errors";
import { plain } from "../../src/relay/http";
import { batches, Relay } from "../../src/relay/relay";
import { FakeRelay } from "./fake-relay";

const DOMAIN = { chainId: 1337, market: `0x${"ab".repeat(20)}` } as const;
const ID: Hex = `0x${"22".repeat(32)}`;
const MINER = privateKeyToAccount(`0x${"11".repeat(32)}`);

function setUp() {
    const fake = new FakeRelay();
    return { fake, relay: new Relay("http://relay/", DOMAIN, { fetch: fake.fetch }) };
}

async function progress(request: Hex = ID, domain = DOMAIN as { chainId: number; market: Hex }) {
    const miner = MINER.address.toLowerCase() as Hex;
    const message = { miner, issued: 1, request, done: 1, tasks: 2 };
    return sign("Progress", domain, message, signerOf(MINER));
}

test("what is not genuine, of another request or of another market is left out", async () => {
    const { fake, relay } = setUp();
    const good = writeSigned("Progress", await progress());
    const others = [
        good.replace('"done":1', '"done":2'),
        writeSigned("Progress", await progress(`0x${"33".repeat(32)}`)),
        writeSigned("Progress", await progress(ID, { ...DOMAIN, chainId: 1 })),
        '{"message":null}',
    ];
    const path = `/v1/requests/${ID}/progress`;
    fake.answers.set(path, () => new Response(`[${[...others, good].join(",")}]`));
    const said = await relay.said("Progress", ID);
    expect(said.map(({ message }) => message.done)).toEqual([1]);
});

test("blobs are checked, missing ones told apart from a relay that is away", async () => {
    const { fake, relay } = setUp();
    const digest = digestOf(utf8("one"));
    await expect(relay.blob(digest, 10)).rejects.toThrow(BlobMissing);
    const path = `/v1/blobs/${cidOf(digest)}`;
    fake.answers.set(path, () => new Response("two"));
    await expect(relay.blob(digest, 10)).rejects.toThrow("served another blob");
    fake.answers.set(path, () => new Response("x".repeat(11)));
    await expect(relay.blob(digest, 10)).rejects.toThrow("more than 10 bytes");
    fake.answers.set(path, () => {
        throw new TypeError("no route");
    });
    await expect(relay.blob(digest, 10)).rejects.toThrow(RelayAway);
    fake.answers.set(path, () => new Response("one"));
    expect(await relay.blob(digest, 10)).toEqual(utf8("one"));
});

test("only what the relay misses is put, small blobs together", async () => {
    const { fake, relay } = setUp();
    const [one, two, large] = [utf8("one"), utf8("two"), new Uint8Array(65_537)];
    fake.keep(utf8("known"));
    const told: number[][] = [];
    const blobs = [one, large, utf8("known"), two, one];
    await relay.put(blobs, (done, all) => told.push([done, all]));
    const puts = fake.asked.filter(({ method }) => method === "PUT");
    expect(puts.map(({ path }) => path)).toEqual([
        `/v1/blobs/${cidOf(digestOf(large))}`,
        "/v1/blobs",
    ]);
    expect(puts[1]!.body).toEqual(encodeBatch([one, two]));
    expect(told).toEqual([
        [0, 65_543],
        [65_537, 65_543],
        [65_543, 65_543],
    ]);
});

test("batches keep to the relay's bounds", () => {
    const small = Array.from({ length: 1001 }, () => utf8("x"));
    expect([...batches(small)].map(({ length }) => length)).toEqual([1000, 1]);
    const full = Array.from({ length: 65 }, () => new Uint8Array(65_536));
    const made = [...batches(full)];
    expect(made.map(({ length }) => length)).toEqual([63, 2]);
    for (const batch of made) expect(() => encodeBatch(batch)).not.toThrow();
});

test("an answer that ended early is asked on", async () => {
    const { fake, relay } = setUp();
    const digests = ["one", "two", "three"].map((text) => fake.keep(utf8(text)));
    const whole = fake.fetch;
    const early = new Relay("http://relay", DOMAIN, {
        fetch: async (input, init) => {
            const body = new Uint8Array(init!.body as Uint8Array<ArrayBuffer>).slice(0, 32);
            return whole(input, { ...init, body });
        },
    });
    expect(await early.blobs(digests)).toEqual(["one", "two", "three"].map(utf8));
    expect(await relay.blobs([digestOf(utf8("four"))])).toEqual([undefined]);
});

test("a refusal says why, on one plain line", async () => {
    const { fake, relay } = setUp();
    const detail = `no\u202eroom\u0007 ${"x".repeat(5000)}`;
    fake.answers.set("/v1/progress", () => {
        return Response.json({ detail }, { status: 429, headers: { "retry-after": "7" } });
    });
    const refused = await relay.post("Progress", await progress()).catch((error) => error);
    expect(refused).toBeInstanceOf(RelayRefused);
    expect([refused.status, refused.retryAfter]).toEqual([429, 7]);
    expect(refused.detail).toMatch(/^no.room.*x$/);
    expect(refused.detail.length).toBeLessThanOrEqual(1200);
    expect(plain("a\u202e\u2066b\nc")).toBe("a b c");
});

test("a relay's information is read strictly", async () => {
    const { fake } = setUp();
    const info = { protocol: 4, chain_id: 31337, market: DOMAIN.market, version: "1", max_blob: 9 };
    fake.answers.set("/v1/info", () => Response.json(info));
    expect(await Relay.info("http://relay", fake.fetch)).toEqual({ ...DOMAIN, chainId: 31337 });
    for (const wrong of [{ protocol: 3 }, { market: "javascript:1" }, { chain_id: "1" }]) {
        fake.answers.set("/v1/info", () => Response.json({ ...info, ...wrong }));
        await expect(Relay.info("http://relay", fake.fetch)).rejects.toThrow();
    }
});
