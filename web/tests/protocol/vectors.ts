import { readFileSync } from "node:fs";

/** The vectors of `tests/vectors`, written by scripts that share no code with any implementation. */
export function vectorText(name: string): string {
    return readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url), "utf8");
}

export function vectors<Form>(name: string): Form {
    return JSON.parse(vectorText(name)) as Form;
}
