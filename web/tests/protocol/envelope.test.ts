import { expect, test } from "vitest";
import { concat, digits, unhex } from "../../src/protocol/bytes";
import { decodeContents, encodeContents } from "../../src/protocol/envelope";
import { vectors } from "./vectors";

const { contents } = vectors<{
    contents: { reply: string; sealed: { [digest: string]: string }; bytes: string }[];
}>("formats");

test.each(contents)("contents are written and read: reply $reply", ({ reply, sealed, bytes }) => {
    const read = decodeContents(unhex(bytes));
    expect(digits(read.reply ?? new Uint8Array(33))).toBe(reply);
    expect(Object.fromEntries(read.sealed)).toEqual(sealed);
    expect(digits(encodeContents({ ...read, sealed: new Map(Object.entries(sealed)) }))).toBe(
        bytes,
    );
});

test("other forms of contents are refused", () => {
    const whole = unhex(contents[1]!.bytes);
    const [head, one, two] = [whole.slice(0, 34), whole.slice(34, 98), whole.slice(98, 162)];
    expect(() => decodeContents(whole.subarray(0, 33))).toThrow("not in the form");
    expect(() => decodeContents(whole.subarray(0, 97))).toThrow("not in the form");
    expect(() => decodeContents(concat(Uint8Array.of(2), whole.subarray(1)))).toThrow(
        "not in the form",
    );
    expect(() => decodeContents(concat(head, two, one))).toThrow("not sorted");
    expect(() => decodeContents(concat(head, one, one))).toThrow("not sorted");
    const noPoint = concat(Uint8Array.of(1, 2), new Uint8Array(32).fill(255));
    expect(() => decodeContents(noPoint)).toThrow("no point");
});
