import { Malformed } from "./errors";

/** JSON as the market's forms have it: all numbers are whole, and kept exactly. */
export type Json = null | boolean | bigint | string | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

const SPACE = /[ \t\n\r]*/y;
const WHOLE = /-?(?:0|[1-9][0-9]*)(?![.eE0-9])/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /null|true|false/y;

/**
 * Reads one JSON text. Refused are fractions and exponents, names that stand twice in an object, halves of surrogate
 * pairs and, since a reader must not run out of its stack, more than `depth` levels.
 */
export function readJson(text: string, depth = 32): Json {
    const reader = new Reader(text);
    const value = reader.value(depth);
    reader.end();
    return value;
}

class Reader {
    private at = 0;

    constructor(private readonly text: string) {}

    value(depth: number): Json {
        this.take(SPACE);
        const first = this.text[this.at];
        if (first === "{") return this.object(depth);
        if (first === "[") return this.array(depth);
        if (first === '"') return this.string();
        const word = this.take(WORD);
        if (word) return word === "null" ? null : word === "true";
        const whole = this.take(WHOLE);
        if (!whole || whole === "-0") throw this.wrong("a value, its numbers whole");
        return BigInt(whole);
    }

    end(): void {
        this.take(SPACE);
        if (this.at < this.text.length) throw this.wrong("the end");
    }

    private object(depth: number): JsonObject {
        // A plain object would take __proto__ for something else.
        const object: JsonObject = Object.create(null);
        this.items("}", depth, () => {
            this.take(SPACE);
            const name = this.string();
            if (name in object) throw this.wrong("a name that does not stand twice");
            this.take(SPACE);
            this.sign(":");
            object[name] = this.value(depth - 1);
        });
        return object;
    }

    private array(depth: number): Json[] {
        const array: Json[] = [];
        this.items("]", depth, () => array.push(this.value(depth - 1)));
        return array;
    }

    private items(close: string, depth: number, item: () => void): void {
        if (depth === 0) throw this.wrong("fewer levels");
        this.at++;
        this.take(SPACE);
        if (this.text[this.at] === close) {
            this.at++;
            return;
        }
        for (;;) {
            item();
            this.take(SPACE);
            if (this.text[this.at] === close) break;
            this.sign(",");
        }
        this.at++;
    }

    private string(): string {
        const literal = this.take(STRING);
        if (!literal) throw this.wrong("a string");
        const text: string = JSON.parse(literal);
        if (/\p{Surrogate}/u.test(text)) throw this.wrong("whole surrogate pairs");
        return text;
    }

    private sign(sign: string): void {
        if (this.text[this.at] !== sign) throw this.wrong(`'${sign}'`);
        this.at++;
    }

    private take(pattern: RegExp): string | undefined {
        pattern.lastIndex = this.at;
        const found = pattern.exec(this.text)?.[0];
        this.at += found?.length ?? 0;
        return found;
    }

    private wrong(expected: string): Malformed {
        return new Malformed(`JSON at character ${this.at}: expected ${expected}`);
    }
}
