import { utf8 } from "./bytes";
import { Malformed } from "./errors";

const NAME_BYTES = 255;
const PATH_BYTES = 4096;
const NAMES = 512;

/** Refuses what is no path of a file in a task: relative, without `.` and `..`, of bounded length. */
export function checkPath(path: string): void {
    checkText(path);
    const names = path.split("/");
    const wrong = (why: string) =>
        new Malformed(`path ${JSON.stringify(path.slice(0, 200))} ${why}`);
    if (names.some((name) => ["", ".", ".."].includes(name)))
        throw wrong("must be relative and normalized, such as inputs/data.csv");
    if (utf8(path).length > PATH_BYTES || names.length > NAMES) throw wrong("is too long");
    if (names.some((name) => utf8(name).length > NAME_BYTES)) throw wrong("has too long a name");
}

/** Refuses text that no program can be given. */
export function checkText(text: string): void {
    if (text.includes("\0")) throw new Malformed("text with a NUL");
    utf8(text);
}

/** The folders on the way to a path, the nearest last. */
export function foldersOf(path: string): string[] {
    const names = path.split("/");
    return names.slice(1).map((_, at) => names.slice(0, at + 1).join("/"));
}
