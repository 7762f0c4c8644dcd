import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SUANLI = fileURLToPath(new URL("../../../.venv/bin/suanli", import.meta.url));

/** A market of real programs, as `suanli devnet` starts it; `stop` ends it and removes what it wrote. */
export interface Devnet {
    readonly chain: string;
    readonly relay: string;
    stop(): Promise<void>;
}

export async function startDevnet(): Promise<Devnet> {
    const folder = mkdtempSync(join(tmpdir(), "suanli-web-"));
    const env = { ...process.env, PYTHONUNBUFFERED: "1" };
    const child = spawn(SUANLI, ["devnet", "--miners", "1", "--folder", join(folder, "devnet")], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = async () => {
        await ended(child);
        rmSync(folder, { recursive: true, force: true });
    };
    try {
        const said = await until(child, /^Ready/m);
        const named = (name: string) => new RegExp(`^${name} +(http\\S+)`, "m").exec(said)![1]!;
        return { chain: named("chain"), relay: named("relay"), stop };
    } catch (error) {
        await stop();
        throw error;
    }
}

/** All that a process said until it says something; an error if it ends before. */
function until(child: ChildProcess, pattern: RegExp): Promise<string> {
    let said = "";
    return new Promise((resolve, reject) => {
        const hear = (words: Buffer) => {
            said += words.toString();
            if (pattern.test(said)) resolve(said);
        };
        child.stdout!.on("data", hear);
        child.stderr!.on("data", hear);
        child.once("error", reject);
        child.once("exit", (code) => reject(new Error(`suanli devnet ended (${code}): ${said}`)));
    });
}

function ended(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
    });
}
