import { BATCH, cidOf, decodeFetched, digestOf, encodeBatch } from "../protocol/blobs";
import { type Bytes, concat, digits, equal, fromUtf8, type Hex } from "../protocol/bytes";
import { textOf, wholeOf } from "../protocol/forms";
import { type Json, readJson } from "../protocol/json";
import type { Kind, MarketDomain, Message } from "../protocol/messages";
import { type AskContract, verify } from "../protocol/signatures";
import { readSigned, type Signed, writeSigned } from "../protocol/signed";
import { BlobMissing, RelayAway, RelayRefused } from "./errors";
import { ask, type Call, type Fetch } from "./http";

const PROTOCOL = 4n;
const LIST_BYTES = 4 * 1024 * 1024;
/** Milliseconds for a blob, besides one for each 16 bytes: 16 KiB a second. */
const BLOB_WITHIN = 60_000;

/** What kind of message has which place. */
const PLACES = {
    Request: "requests",
    Acceptance: "acceptances",
    Claim: "claims",
    Rejection: "rejections",
    Progress: "progress",
    Announcement: "announcements",
    Envelope: "envelopes",
} as const;

/** Where blobs are: a relay, or one whose blobs are opened on the way. */
export interface Blobs {
    /** A blob of at most `most` bytes. */
    blob(digest: Uint8Array, most: number): Promise<Bytes>;
    /** Several small blobs: `undefined` for each that is not there or too large for a batch. */
    blobs(digests: readonly Uint8Array[]): Promise<(Bytes | undefined)[]>;
}

/** A relay of one market. What it says is verified again; what is not genuine is left out. */
export class Relay implements Blobs {
    private readonly base: string;

    constructor(
        url: string,
        readonly domain: MarketDomain,
        private readonly options: { readonly fetch?: Fetch; readonly ask?: AskContract } = {},
    ) {
        this.base = url.replace(/\/+$/, "");
    }

    /** The market that a relay at `url` is for, before one speaks of it. */
    static async info(url: string, fetcher: Fetch = fetch): Promise<MarketDomain> {
        const text = fromUtf8(
            await ask(fetcher, `${url.replace(/\/+$/, "")}/v1/info`, { most: 65536 }),
        );
        const form = readJson(text);
        if (form === null || typeof form !== "object" || Array.isArray(form))
            throw new RelayAway("the relay does not say what it is");
        if (form["protocol"] !== PROTOCOL)
            throw new RelayAway(`the relay speaks protocol ${form["protocol"]}, not ${PROTOCOL}`);
        const chainId = wholeOf(form["chain_id"], 1n, 2n ** 53n - 1n);
        const market = textOf(form["market"]);
        if (!/^0x[0-9a-f]{40}$/.test(market)) throw new RelayAway("the relay names no market");
        return { chainId: Number(chainId), market: market as Hex };
    }

    /** Gives the relay a signed message. */
    async post<K extends keyof typeof PLACES>(kind: K, signed: Signed<K>): Promise<void> {
        const body = writeSigned(kind, signed);
        await this.ask(`/v1/${PLACES[kind]}`, { method: "POST", body, most: 65536 });
    }

    /** Announcements of a class that hold, of miners that run a runtime if one is named. */
    async announcements(resource: number, runtime?: Hex): Promise<Signed<"Announcement">[]> {
        const query = `resource=${resource}${runtime ? `&runtime=${runtime}` : ""}`;
        const now = Date.now() / 1000;
        const found = await this.list(`/v1/announcements?${query}`, "Announcement");
        return found.filter(
            ({ message }) =>
                message.resource === resource &&
                message.validUntil >= now &&
                (!runtime || message.runtimes.includes(runtime)),
        );
    }

    /** What parties say on a request. Whether one may, the caller decides by the miner that took it. */
    async said<K extends "Claim" | "Rejection" | "Progress" | "Envelope">(
        kind: K,
        request: Hex,
    ): Promise<Signed<K>[]> {
        const found = await this.list(`/v1/requests/${request}/${PLACES[kind]}`, kind);
        return found.filter(({ message }) => (message as Message<"Claim">).request === request);
    }

    async blob(digest: Uint8Array, most: number): Promise<Bytes> {
        const path = `/v1/blobs/${cidOf(digest)}`;
        let bytes: Bytes;
        try {
            bytes = await this.ask(path, { most, within: BLOB_WITHIN + most / 16 });
        } catch (error) {
            if (error instanceof RelayRefused && error.status === 404)
                throw new BlobMissing(`blob ${digits(digest)} is not at the relay`);
            throw error;
        }
        if (!equal(digestOf(bytes), digest)) throw new RelayAway("the relay served another blob");
        return bytes;
    }

    async blobs(digests: readonly Uint8Array[]): Promise<(Bytes | undefined)[]> {
        const found: (Bytes | null)[] = [];
        while (found.length < digests.length) {
            const asked = digests.slice(found.length, found.length + BATCH.blobs);
            const call = { method: "POST", body: concat(...asked), most: BATCH.bytes } as const;
            const answer = await this.ask("/v1/blobs/fetch", call);
            const known = decodeFetched(asked, answer).filter((blob) => blob !== undefined);
            if (!known.length) throw new RelayAway("the relay answers without a blob");
            found.push(...known);
        }
        return found.map((blob) => blob ?? undefined);
    }

    /** Puts what the relay has not, small ones together. `progress` is told bytes done and in all. */
    async put(
        blobs: readonly Bytes[],
        progress: (done: number, all: number) => void = () => {},
    ): Promise<void> {
        const missing = await this.missing(blobs);
        const all = missing.reduce((sum, blob) => sum + blob.length, 0);
        let done = 0;
        progress(done, all);
        for (const batch of batches(missing)) {
            if (batch.length > 1) await this.putBatch(batch);
            else await this.putOne(batch[0]!);
            done += batch.reduce((sum, blob) => sum + blob.length, 0);
            progress(done, all);
        }
    }

    private async missing(blobs: readonly Bytes[]): Promise<Bytes[]> {
        const byDigest = new Map(blobs.map((blob) => [digits(digestOf(blob)), blob]));
        const all = [...byDigest.values()];
        const missing: Bytes[] = [];
        for (let at = 0; at < all.length; at += BATCH.blobs) {
            const body = concat(...all.slice(at, at + BATCH.blobs).map(digestOf));
            const call = { method: "POST", body, most: body.length } as const;
            const answer = await this.ask("/v1/blobs/missing", call);
            for (let from = 0; from < answer.length; from += 32) {
                const blob = byDigest.get(digits(answer.subarray(from, from + 32)));
                if (!blob) throw new RelayAway("the relay misses what it was not asked for");
                missing.push(blob);
            }
        }
        return missing;
    }

    private async putOne(blob: Bytes): Promise<void> {
        const within = BLOB_WITHIN + blob.length / 16;
        const call = { method: "PUT", body: blob, most: 65536, within } as const;
        await this.ask(`/v1/blobs/${cidOf(digestOf(blob))}`, call);
    }

    private async putBatch(blobs: readonly Bytes[]): Promise<void> {
        const body = encodeBatch(blobs);
        const within = BLOB_WITHIN + body.length / 16;
        await this.ask("/v1/blobs", { method: "PUT", body, most: 65536, within });
    }

    private async list<K extends Kind>(path: string, kind: K): Promise<Signed<K>[]> {
        const text = fromUtf8(await this.ask(path, { most: LIST_BYTES }));
        const list = readJson(text);
        if (!Array.isArray(list)) throw new RelayAway("the relay's answer is no list");
        const read = await Promise.all(list.map((item) => this.genuine(kind, item)));
        return read.filter((signed) => signed !== undefined);
    }

    private async genuine<K extends Kind>(kind: K, item: Json): Promise<Signed<K> | undefined> {
        try {
            const signed = readSigned(kind, item);
            return (await verify(kind, this.domain, signed, this.options.ask)) ? signed : undefined;
        } catch {
            return undefined;
        }
    }

    private ask(path: string, call: Call): Promise<Bytes> {
        return ask(this.options.fetch ?? fetch, this.base + path, call);
    }
}

/** Small blobs together as the relay takes them, each larger one by itself. */
export function* batches(blobs: readonly Bytes[]): Generator<Bytes[]> {
    let batch: Bytes[] = [];
    let size = 0;
    for (const blob of blobs) {
        if (blob.length > BATCH.blobBytes) {
            yield [blob];
            continue;
        }
        const bytes = 36 + blob.length;
        if (batch.length && (batch.length === BATCH.blobs || size + bytes > BATCH.bytes)) {
            yield batch;
            [batch, size] = [[], 0];
        }
        batch.push(blob);
        size += bytes;
    }
    if (batch.length) yield batch;
}
