import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { openResult } from "../../src/job/sealed";
import { digestOf } from "../../src/protocol/blobs";
import { type Bytes, digits, hex, type Hex, utf8 } from "../../src/protocol/bytes";
import { encodeContents } from "../../src/protocol/envelope";
import { newSealingKey, publicKeyOf, seal } from "../../src/protocol/sealing";
import { sign, signerOf } from "../../src/protocol/signatures";
import { writeSigned } from "../../src/protocol/signed";
import { BlobMissing } from "../../src/relay/errors";
import { Relay } from "../../src/relay/relay";
import { FakeRelay } from "./fake-relay";

const DOMAIN = { chainId: 1337, market: `0x${"ab".repeat(20)}` } as const;
const [ID, OTHER]: Hex[] = [`0x${"22".repeat(32)}`, `0x${"33".repeat(32)}`];
const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const miner = account.address.toLowerCase() as Hex;
const key = newSealingKey();
const output = utf8("what a task left");

/** A relay whose miner shows a list that says it is for `named`, of the output sealed to us. */
async function shown(named: Hex, sealed: Bytes): Promise<Relay> {
    const fake = new FakeRelay();
    fake.keep(sealed);
    const listed = new Map([[digits(digestOf(output)), digits(digestOf(sealed))]]);
    const list = await seal(publicKeyOf(key), encodeContents({ request: named, sealed: listed }));
    fake.keep(list);
    const message = { sender: miner, issued: 1, request: ID!, contents: hex(digestOf(list)) };
    const signed = await sign("Envelope", DOMAIN, message, signerOf(account));
    const text = writeSigned("Envelope", signed);
    fake.answers.set(`/v1/requests/${ID}/envelopes`, () => new Response(`[${text}]`));
    return new Relay("http://relay", DOMAIN, { fetch: fake.fetch });
}

test("what is listed is opened, one by one and together", async () => {
    const relay = await shown(ID!, await seal(publicKeyOf(key), output));
    const blobs = await openResult(relay, ID!, miner, key);
    expect(await blobs.blob(digestOf(output), 100)).toEqual(output);
    expect(await blobs.blobs([digestOf(output), digestOf(utf8("x"))])).toEqual([output, undefined]);
});

test("a list for another request, or to another key, lists nothing", async () => {
    const relay = await shown(OTHER!, await seal(publicKeyOf(key), output));
    for (const own of [key, newSealingKey()]) {
        const blobs = await openResult(relay, ID!, miner, own);
        await expect(blobs.blob(digestOf(output), 100)).rejects.toThrow(BlobMissing);
    }
});

test("another blob than is listed is refused", async () => {
    const relay = await shown(ID!, await seal(publicKeyOf(key), utf8("something else")));
    const blobs = await openResult(relay, ID!, miner, key);
    await expect(blobs.blob(digestOf(output), 100)).rejects.toThrow("another blob");
});
