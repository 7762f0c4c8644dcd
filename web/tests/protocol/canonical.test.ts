import { expect, test } from "vitest";
import { fromUtf8, utf8 } from "../../src/protocol/bytes";
import { decodeCanonical, encodeCanonical } from "../../src/protocol/canonical";
import { type Json, type JsonObject, readJson } from "../../src/protocol/json";
import { vectorText } from "./vectors";

// Read by the reader itself: JSON.parse would round the vectors' large numbers.
const { canonical, refused } = readJson(vectorText("formats"), 40) as {
    canonical: { value: Json; bytes: string }[];
    refused: string[];
} & JsonObject;

test.each(canonical)("$bytes", ({ value, bytes }) => {
    expect(fromUtf8(encodeCanonical(value))).toBe(bytes);
    expect(decodeCanonical(utf8(bytes))).toEqual(value);
});

test.each(refused)("%s is refused", (bytes) => {
    expect(() => decodeCanonical(utf8(bytes))).toThrow();
});

test.each(["", "{", "[1,]", '{"a" 1}', "nul", "-0", '"\n"', "[1] 2", '{"a":1,}', "\ufeff1"])(
    "%j is no JSON",
    (text) => {
        expect(() => readJson(text)).toThrow(/expected/);
    },
);

test("a name is only a name", () => {
    expect(Object.keys(readJson('{"__proto__":{"a":1}}') as JsonObject)).toEqual(["__proto__"]);
});

test("numbers that were rounded are not written", () => {
    expect(() => encodeCanonical(2 ** 53)).toThrow("kept exactly");
    expect(() => encodeCanonical(0.5)).toThrow("kept exactly");
});
