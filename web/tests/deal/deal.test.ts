import { readFileSync } from "node:fs";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TOKEN } from "../../src/chain/abi";
import { type Bytes, fromUtf8, type Hex, unhex, utf8 } from "../../src/protocol/bytes";
import { digestOfMessage, type Request } from "../../src/protocol/messages";
import { sign, signerOf } from "../../src/protocol/signatures";
import { BlobMissing } from "../../src/relay/errors";
import { Relay } from "../../src/relay/relay";
import { buildJob, type Draft, tasksOfFiles, USUAL_LIMITS } from "../../src/job/build";
import { follow, isOver, type Standing } from "../../src/job/follow";
import { gather } from "../../src/job/gather";
import { Market } from "../../src/job/market";
import { estimate, type Offer, offersOf } from "../../src/job/offers";
import { lodge, type Lodged, missingFor, post, requestFor } from "../../src/job/request";
import { envelopeFor, listFor, openResult, sealJob, type SealedJob } from "../../src/job/sealed";
import { accept, download } from "../../src/job/settle";
import { compare, trialTaskOf, tryTask } from "../../src/job/trial";
import { Devnet } from "../browser/chain/devnet";

const CLASS = 1;
const TEXTS = { "a.txt": "tea for two\n", "b.txt": "two and two\n" };
const module = readFileSync(
    new URL("../../../examples/wordcount/wordcount.wasm", import.meta.url),
) as Bytes;

let devnet: Devnet;
beforeAll(async () => {
    devnet = await Devnet.start("--miners", "1");
});
afterAll(() => devnet?.stop());

test.each([
    { way: "plain", sealing: false },
    { way: "sealed", sealing: true },
])("a $way job is served by the real miner, checked, accepted and paid", async ({ sealing }) => {
    const domain = await Relay.info(devnet.page);
    const market = Market.at(domain, devnet.rpc);
    const relay = new Relay(devnet.page, domain, { ask: market.ask });
    const key = generatePrivateKey();
    const account = privateKeyToAccount(key);
    await devnet.fund(key, 1_000_000n * 10n ** 18n);

    const found = await market.resourceClass(CLASS);
    const [offer] = await offersOf(market, relay, CLASS);
    const runtime = offer!.announcement.runtimes[0]!.slice(2);
    const job = buildJob(draft(runtime));
    const trials = await Promise.all([0, 1].map((index) => tryTask(trialTaskOf(job, index))));
    const chosen = await estimate(market, found, offer!, job.manifest, await market.now());
    expect(chosen.objections).toEqual([]);

    const terms = await market.newestTerms();
    const request = await requestFor(market, job, found, chosen, terms, account.address);
    expect(await missingFor(market, request)).toBe(chosen.lock);
    await deposit(market, key, chosen.lock);
    expect(await missingFor(market, request)).toBe(0n);

    const signer = signerOf(account);
    const earned = await earningsOf(market, offer!);
    const sealed = await sealJob(job);
    const lodged = sealing
        ? await lodgeSealed(relay, sealed, request, account, offer!)
        : await lodge(relay, job, request, signer);
    const called = { ...market.contract, functionName: "requestId", args: [request] } as const;
    expect(lodged.id).toBe(await market.client.readContract(called));

    const standings: Standing[] = [];
    let words = "";
    for await (const standing of follow(market, relay, lodged, { every: 250 })) {
        standings.push(standing);
        if (!standing.claim || words) continue;
        const { miner, leaves } = standing.claim;
        const blobs = await openResult(relay, lodged.id, miner, sealed.key);
        // Who holds the relay has neither what was sent nor what came back.
        for (const digest of [job.digest, leaves]) expect(await has(relay, digest)).toBe(!sealing);
        const results = await download(blobs, job, lodged, standing.claim);
        expect(results.map(({ ok }) => ok)).toEqual([true, true]);
        expect(results.map((result, index) => compare(trials[index]!, result))).toEqual([
            "same",
            "same",
        ]);
        words = fromUtf8(gather(job.manifest, results)["words.tsv"]!);
        await accept(relay, lodged.id, standing.claim, signer);
    }

    expect(words).toBe("and\t1\nfor\t1\ntea\t1\ntwo\t3\n");
    const last = standings.at(-1)!;
    expect(isOver(last) && last.deal.state).toBe("settled");

    // What the chain did: paid for the units used at the deal's price, the rest of the lock is free again.
    const cost = last.claim!.unitsUsed * last.deal.price;
    const { decimals } = await market.token();
    expect(decimals).toBe(18);
    const { available, locked } = await market.accountOf(account.address);
    expect(locked).toBe(0n);
    expect(chosen.lock - available).toBe(cost);
    const fee = (cost * BigInt(terms.feeBps)) / 10_000n;
    expect((await earningsOf(market, offer!)) - earned).toBe(cost - fee);
});

async function lodgeSealed(
    relay: Relay,
    sealed: SealedJob,
    request: Request,
    account: Account,
    { announcement }: Offer,
): Promise<Lodged> {
    const signer = signerOf(account);
    const id = digestOfMessage("Request", relay.domain, request);
    const list = await listFor(sealed, id, announcement.publicKey);
    await relay.put([...sealed.blobs, list]);
    const lodged = await post(relay, await sign("Request", relay.domain, request, signer));
    const now = Math.floor(Date.now() / 1000);
    const envelope = envelopeFor(id, request.requester, list, now);
    await relay.post("Envelope", await sign("Envelope", relay.domain, envelope, signer));
    return lodged;
}

async function has(relay: Relay, digest: Hex): Promise<boolean> {
    const found = relay.blob(unhex(digest), 1 << 20);
    return found.then(
        () => true,
        (error) => {
            expect(error).toBeInstanceOf(BlobMissing);
            return false;
        },
    );
}

async function earningsOf(market: Market, { miner }: Offer): Promise<bigint> {
    const call = { ...market.contract, functionName: "minerAccount", args: [miner] } as const;
    return (await market.client.readContract(call)).earnings;
}

function draft(runtime: string): Draft {
    const files = Object.fromEntries(
        Object.entries(TEXTS).map(([name, text]) => [name, utf8(text)]),
    );
    return {
        runtime,
        module,
        inputs: {},
        env: {},
        dirs: [],
        limits: { ...USUAL_LIMITS, memory: 64n << 20n, fuel: 100_000_000n },
        tasks: tasksOfFiles(files, ["{path}"]),
        gather: { kind: "sum", source: "stdout", target: "words.tsv" },
    };
}

type Account = ReturnType<typeof privateKeyToAccount>;

async function deposit(market: Market, key: Hex, amount: bigint): Promise<void> {
    const { token } = await market.token();
    await devnet.send(key, token, TOKEN, "approve", market.domain.market, amount);
    await devnet.sendMarket(key, "deposit", amount);
}
