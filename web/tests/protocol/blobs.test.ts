import { expect, test } from "vitest";
import {
    cidOf,
    decodeFetched,
    digestOf,
    encodeBatch,
    salted,
    unsalted,
} from "../../src/protocol/blobs";
import { digits, unhex } from "../../src/protocol/bytes";
import { vectors } from "./vectors";

const { cids, batch } = vectors<{
    cids: { digest: string; cid: string }[];
    batch: { blobs: string[]; put: string; asked: string; answer: string };
}>("formats");
const blobs = batch.blobs.map(unhex);
const asked = Array.from({ length: batch.asked.length / 64 }, (_, at) =>
    unhex(batch.asked.slice(64 * at, 64 * at + 64)),
);

test.each(cids)("blobs are named by their digest: $cid", ({ digest, cid }) => {
    expect(cidOf(unhex(digest))).toBe(cid);
});

test("a batch is put as in the vectors", () => {
    expect(digits(encodeBatch(blobs))).toBe(batch.put);
});

test("an answer has what is there, null for what is not, and may end early", () => {
    const answer = unhex(batch.answer);
    expect(decodeFetched(asked, answer)).toEqual([...blobs, null]);
    const early = answer.subarray(0, 4 + 0 + 4 + 3);
    expect(decodeFetched(asked, early)).toEqual([blobs[0], blobs[1], undefined, undefined]);
});

test("an answer with other or more bytes than asked for is refused", () => {
    const answer = unhex(batch.answer);
    const swapped = [asked[1]!, asked[0]!, asked[2]!, asked[3]!];
    expect(() => decodeFetched(swapped, answer)).toThrow("another blob than asked for");
    expect(() => decodeFetched(asked.slice(0, 2), answer)).toThrow("more than was asked for");
    expect(() => decodeFetched(asked, answer.subarray(0, 6))).toThrow("breaks off");
});

test("a salted blob opens with its salt and digest alone", () => {
    const salt = new Uint8Array(32).fill(7);
    const blob = salted(salt, unhex("6f6e65"));
    expect(unsalted(salt, digestOf(blob), blob)).toEqual(unhex("6f6e65"));
    expect(() => unsalted(salt, digestOf(salt), blob)).toThrow("another digest");
    expect(() => unsalted(new Uint8Array(32), digestOf(blob), blob)).toThrow("the job's salt");
});
