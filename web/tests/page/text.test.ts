import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { en } from "../../src/page/text/en";
import { zh } from "../../src/page/text/zh";

const PAGE = new URL("../../src/page/", import.meta.url).pathname;
const sources = (readdirSync(PAGE, { recursive: true }) as string[])
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("text/"))
    .map((name) => [name, readFileSync(join(PAGE, name), "utf8")] as const);
const filled = (text: string): string[] =>
    [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!).sort();

test("each sentence is there in both languages, and says the same of the same", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(en)) {
        const other = zh[key as keyof typeof en];
        expect(text.trim() && other.trim(), key).not.toBe("");
        expect(filled(other), key).toEqual(filled(text));
    }
});

test("Chinese is Chinese", () => {
    const same = Object.keys(en).filter((key) => {
        const text = zh[key as keyof typeof en];
        return (
            !/\p{Script=Han}/u.test(text.replace(/\{\w+\}/g, "")) &&
            /[a-z]{3}/i.test(text.replace(/\{\w+\}/g, ""))
        );
    });
    expect(same).toEqual([]);
});

test("no sentence is kept that nothing says", () => {
    const all = sources.map(([, text]) => text).join("\n");
    // Those of a group are put together: t(`step.${name}`), <State kind="deal" …>.
    const groups = [...all.matchAll(/`(\w+)\.\$\{|kind="(\w+)"/g)].map(
        (found) => found[1] ?? found[2],
    );
    const unused = Object.keys(en).filter(
        (key) => !all.includes(`"${key}"`) && !groups.includes(key.split(".")[0]),
    );
    expect(unused).toEqual([]);
});

test("there are sentences in each group that is named", () => {
    const all = sources.map(([, text]) => text).join("\n");
    const named = [...all.matchAll(/\bt(?:Or)?\(\s*`(\w+)\.\$\{/g)].map((found) => found[1]);
    expect(named.length).toBeGreaterThan(10);
    const known = new Set(Object.keys(en).map((key) => key.split(".")[0]));
    expect(named.filter((group) => !known.has(group))).toEqual([]);
});

test("views say nothing but by the dictionaries", () => {
    for (const [name, text] of sources) {
        if (!name.endsWith(".tsx")) continue;
        const bare = [...text.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)+)\s*</g)].map(
            (found) => found[1],
        );
        expect(bare, name).toEqual([]);
    }
});

test("sentences of events name the events' own arguments", () => {
    const source = readFileSync(join(PAGE, "../../../suanli/chain/generated/events.py"), "utf8");
    const fields = new Map(
        [
            ...source.matchAll(
                /^class (\w+)\(Event\):\n([\s\S]*?)(?=^@|^class |^\S|$(?![\s\S]))/gm,
            ),
        ].map(([, name, body]) => [
            name!,
            [...body!.matchAll(/^ {4}(\w+): /gm)].map((found) => found[1]!),
        ]),
    );
    expect(fields.size).toBeGreaterThan(60);
    for (const [key, text] of Object.entries(en)) {
        const known = fields.get(key.replace(/^event\./, ""));
        if (!key.startsWith("event.") || !known) continue;
        expect(known, key).toEqual(expect.arrayContaining(filled(text)));
    }
});
