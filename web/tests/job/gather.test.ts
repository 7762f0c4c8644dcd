import { expect, test } from "vitest";
import { gather } from "../../src/job/gather";
import type { TaskResult } from "../../src/job/results";
import { type Bytes, fromUtf8, unhex, utf8 } from "../../src/protocol/bytes";
import type { Gather, Manifest } from "../../src/protocol/manifest";

const manifest = (how: Gather) => ({ gather: how }) as Manifest;
const SUM = manifest({ kind: "sum", source: "stdout", target: "sums.tsv" });

function result(task: number, stdout: Bytes, files: { [path: string]: Bytes } = {}): TaskResult {
    return { task, ok: true, exitCode: 0, stdout, stderr: utf8(""), files } as TaskResult;
}

test("files of all tasks, side by side", () => {
    const results = [
        result(0, utf8(""), { a: utf8("1"), same: utf8("x") }),
        result(1, utf8(""), { b: utf8("2"), same: utf8("x") }),
    ];
    const files = gather(manifest({ kind: "files" }), results);
    expect(Object.keys(files)).toEqual(["a", "same", "b"]);
    results.push(result(2, utf8(""), { same: utf8("y") }));
    expect(() => gather(manifest({ kind: "files" }), results)).toThrow("wrote same differently");
});

test("outputs in the order of tasks", () => {
    const how = manifest({ kind: "concat", source: "part", target: "all" });
    const results = ["one", "two"].map((text, task) =>
        result(task, utf8(""), { part: utf8(text) }),
    );
    expect(fromUtf8(gather(how, results)["all"]!)).toBe("onetwo");
    results.push(result(2, utf8("")));
    expect(() => gather(how, results)).toThrow("task 2 wrote no part");
});

test("sums by key, in the order of the key's bytes, whatever these are", () => {
    const odd = unhex("ff0931"); // a byte that is no text, TAB, 1
    const parts = [utf8("b\t2\na\tx\t1\n"), utf8("b\t-5\n\nB\t18446744073709551616\n"), odd];
    const sums = gather(
        SUM,
        parts.map((part, task) => result(task, part)),
    )["sums.tsv"]!;
    const expected = utf8("B\t18446744073709551616\na\tx\t1\nb\t-3\n?\t1\n");
    expected[expected.length - 4] = 0xff;
    expect(sums).toEqual(expected);
    const wrong = () => gather(SUM, [result(0, utf8("a\t1\nb 2\n"))]);
    expect(wrong).toThrow('part 0, line 2: not "key TAB integer"');
});

test("nothing is gathered while a task failed, or if a program must do it", () => {
    const failed = { ...result(1, utf8("")), ok: false };
    expect(() => gather(SUM, [result(0, utf8("")), failed])).toThrow("task 1 failed");
    const module = { digest: "0".repeat(64), size: 1n };
    const how = manifest({ kind: "program", module, args: [], target: "" });
    expect(() => gather(how, [result(0, utf8(""))])).toThrow("see gatherTask");
});
