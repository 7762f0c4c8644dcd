/** What a visitor chose for a job, as it was typed, and the draft of it. */
import { type Draft, type GatherDraft, type TaskDraft, USUAL_LIMITS } from "../../job/build";
import { countedTasks, tasksOfFiles, tasksOfLines } from "../../job/build";
import type { Bytes } from "../../protocol/bytes";
import { FUEL_PER_UNIT } from "../../protocol/manifest";
import { t } from "../text";
import { Refusal } from "../wallet/refusals";

export interface Chosen {
    name: string;
    data: Bytes;
}

export interface Choice {
    program: Chosen | null;
    resource: number;
    pattern: "count" | "files" | "lines";
    count: string;
    lines: string;
    /** One task each */
    each: Chosen[];
    /** For every task */
    all: Chosen[];
    args: string;
    units: string;
    memory: string;
    gather: "files" | "concat" | "sum" | "program";
    source: string;
    target: string;
    gatherer: Chosen | null;
    gatherArgs: string;
    /** Nobody but its miner is to read it */
    seal: boolean;
}

export const FIRST: Choice = {
    program: null,
    resource: 0,
    pattern: "count",
    count: "4",
    lines: "",
    each: [],
    all: [],
    args: "{index}",
    units: "1000",
    memory: "256",
    gather: "files",
    source: "stdout",
    target: "result",
    gatherer: null,
    gatherArgs: "",
    seal: false,
};

const MOST_UNITS = 1_000_000_000_000n;

/** Throws Refusal with a sentence for what is missing or wrong. */
export function draftOf(choice: Choice, runtime: string): Draft {
    if (!choice.program) throw new Refusal(t("job.noProgram"));
    const units = whole(choice.units, MOST_UNITS, "job.units");
    const memory = whole(choice.memory, 4096n, "job.memory") << 20n;
    return {
        runtime,
        module: choice.program.data,
        inputs: filesOf(choice.all),
        env: {},
        dirs: [],
        limits: { ...USUAL_LIMITS, fuel: units * FUEL_PER_UNIT, memory },
        tasks: tasksOf(choice),
        gather: gatherOf(choice),
    };
}

function tasksOf(choice: Choice): TaskDraft[] {
    const args = words(choice.args);
    if (choice.pattern === "lines") {
        const tasks = tasksOfLines(choice.lines, args);
        if (!tasks.length) throw new Refusal(t("job.noLines"));
        return tasks;
    }
    if (choice.pattern === "files") {
        if (!choice.each.length) throw new Refusal(t("job.noFiles"));
        return tasksOfFiles(filesOf(choice.each), args);
    }
    return countedTasks(Number(whole(choice.count, 100_000n, "job.count")), args);
}

function gatherOf(choice: Choice): GatherDraft {
    const { gather: kind, source, target } = choice;
    if (kind === "files") return { kind };
    if (kind !== "program") return { kind, source, target };
    if (!choice.gatherer) throw new Refusal(t("job.noGatherer"));
    return { kind, module: choice.gatherer.data, args: words(choice.gatherArgs), target };
}

function filesOf(chosen: Chosen[]): { [path: string]: Bytes } {
    return Object.fromEntries(chosen.map(({ name, data }) => [name, data]));
}

/** Words apart by spaces; double quotes keep one together. */
export function words(text: string): string[] {
    return Array.from(text.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain!);
}

function whole(
    typed: string,
    most: bigint,
    what: "job.units" | "job.memory" | "job.count",
): bigint {
    const value = /^[1-9]\d{0,17}$/.test(typed) ? BigInt(typed) : 0n;
    if (value < 1n || value > most)
        throw new Refusal(t("job.number", { what: t(what), most: String(most) }));
    return value;
}
