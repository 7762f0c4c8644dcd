import { expect, test } from "vitest";
import { concat, digits, hex, unhex } from "../../src/protocol/bytes";
import { decodeContents, encodeContents } from "../../src/protocol/envelope";
import { vectors } from "./vectors";

const { contents } = vectors<{
    contents: {
        request: string;
        key: string;
        reply: string;
        sealed: { [digest: string]: string };
        bytes: string;
    }[];
}>("formats");

test.each(contents)("contents are written and read: reply $reply", (vector) => {
    const read = decodeContents(unhex(vector.bytes));
    expect(read.request).toBe(hex(unhex(vector.request)));
    expect(digits(read.keys?.key ?? new Uint8Array(32))).toBe(vector.key);
    expect(digits(read.keys?.reply ?? new Uint8Array(33))).toBe(vector.reply);
    expect(Object.fromEntries(read.sealed)).toEqual(vector.sealed);
    const sealed = new Map(Object.entries(vector.sealed));
    expect(digits(encodeContents({ ...read, sealed }))).toBe(vector.bytes);
});

test("other forms of contents are refused", () => {
    const whole = unhex(contents[1]!.bytes);
    const [head, one, two] = [whole.slice(0, 98), whole.slice(98, 162), whole.slice(162, 226)];
    const refused = (...parts: Uint8Array[]) => expect(() => decodeContents(concat(...parts)));
    refused(whole.subarray(0, 97)).toThrow("not in the form");
    refused(whole.subarray(0, 161)).toThrow("not in the form");
    refused(Uint8Array.of(2), whole.subarray(1)).toThrow("not in the form");
    refused(head, two, one).toThrow("not sorted");
    refused(head, one, one).toThrow("not sorted");
    const noPoint = concat(Uint8Array.of(2), new Uint8Array(32).fill(255));
    refused(head.subarray(0, 65), noPoint).toThrow("no point");
    refused(head.subarray(0, 33), new Uint8Array(32), head.subarray(65)).toThrow("key of");
    refused(head.subarray(0, 65), new Uint8Array(33)).toThrow("no point");
});
