import { beforeAll, expect, test, vi } from "vitest";

// What the page's modules ask of a browser as they load.
beforeAll(() => {
    vi.stubGlobal("navigator", { languages: ["en-US"] });
});
const text = () => import("../../src/page/format/text");
const amount = () => import("../../src/page/format/amount");
const decode = () => import("../../src/page/api/decode");

test("strangers' text is one line, without what can't be seen", async () => {
    const { plain } = await text();
    expect(plain("a\u202eb\u2066c\u200bd\u0000e\nf\u{e0041}")).toBe("abcde f");
    expect(plain("x".repeat(1 << 20), 10)).toBe("xxxxxxxxx…");
    expect(plain(`Z${"\u0335".repeat(50)}`)).toBe("Z\u0335\u0335\u0335");
    expect([plain(null), plain(7), plain({})]).toEqual(["", "", ""]);
    expect(plain("算力 émoji 🙂")).toBe("算力 émoji 🙂");
});

test("a token's symbol is a symbol", async () => {
    const { symbolOf } = await text();
    expect(["SLT", "USD₮", "<b>X</b>", "1000 USDC for", "", null].map(symbolOf)).toEqual([
        "SLT",
        "USD₮",
        "bXb",
        "1000USDCfor",
        "TOKEN",
        "TOKEN",
    ]);
    expect(symbolOf("\u202eCDSU")).toBe("CDSU");
    expect(symbolOf("A".repeat(13))).toBe("TOKEN");
});

test("amounts are cut, never rounded up, and exact where they are signed", async () => {
    const { decimal, exactly, percent } = await amount();
    expect(decimal(1_999_999n, 6, 4)).toBe("1.9999");
    expect(exactly(1_999_999n, 6)).toBe("1.999999");
    expect(decimal(1n, 18)).toBe("<0.0001");
    expect(decimal(-5n * 10n ** 17n, 18)).toBe("−0.5");
    expect(decimal(12_345_678n * 10n ** 18n, 18)).toBe("12,345,678");
    expect(decimal(2n ** 255n, 0)).toMatch(/^57,896,/);
    expect([percent(1n, 3n), percent(1n, 0n)]).toEqual(["33.3 %", "–"]);
});

test("what is typed is an amount, or nothing", async () => {
    const { parsed } = await amount();
    expect(parsed("1,000.5", 18)).toBe(10_005n * 10n ** 17n);
    expect(parsed("0.000001", 6)).toBe(1n);
    expect(parsed("12,345,678", 0)).toBe(12_345_678n);
    const commas = [
        "1,5",
        "1,50",
        ",500",
        "1,0000",
        "1234,567",
        "1,234,5",
        "1.000,5",
        "1 5",
        "1_5",
    ];
    for (const wrong of [
        ...commas,
        "",
        "1e9",
        "-1",
        "0x10",
        "1.0000001",
        "one",
        "1.2.3",
        "9".repeat(31),
    ])
        expect(parsed(wrong, 6), wrong).toBe(null);
});

test("answers are read field by field", async () => {
    const { address, amount: sum, list, record, whole } = await decode();
    const shape = record({ id: whole, sum, by: address });
    const by = `0x${"aB".repeat(20)}`;
    expect(shape({ id: 1, sum: "12", by, more: "left out" }, "answer")).toEqual({
        id: 1,
        sum: 12n,
        by: by.toLowerCase(),
    });
    expect(() => shape({ id: -1, sum: "12", by }, "answer")).toThrow("unexpected answer.id");
    expect(() => shape({ id: 1, sum: "1.5", by }, "answer")).toThrow("unexpected answer.sum");
    expect(() => shape({ id: 1, sum: 2, by: `${by}0` }, "answer")).toThrow("unexpected answer.by");
    expect(() => shape(JSON.parse('{"__proto__":{"id":1}}'), "answer")).toThrow("answer.id");
    expect(() => list(whole, 2)([1, 2, 3], "answer")).toThrow("unexpected answer");
});

test("sizes have words for their units", async () => {
    const { bytes } = await import("../../src/page/format/size");
    expect([0, 1, 24, 1024, 1_600_000].map(bytes)).toEqual([
        "0 bytes",
        "1 byte",
        "24 bytes",
        "1 kB",
        "1.5 MB",
    ]);
});
