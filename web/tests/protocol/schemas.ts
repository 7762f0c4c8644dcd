import { readFileSync } from "node:fs";

interface Schema {
    minimum?: number;
    maximum?: number;
    minLength?: number;
    maxLength?: number;
    minItems?: number;
    maxItems?: number;
    pattern?: string;
    not?: { const: string };
}

const SCHEMAS = JSON.parse(
    readFileSync(new URL("../../../docs/schemas.json", import.meta.url), "utf8"),
);
const WIDEST = [8, 16, 32, 40].map((bits) => 2 ** bits - 1);

/** Of each field of a message what the schema allows, as the library writes its bounds. */
export function schemaOf(kind: string): { [field: string]: number[] } {
    const fields: { [name: string]: Schema } = SCHEMAS[kind].properties.message.properties;
    return Object.fromEntries(Object.entries(fields).map(([name, form]) => [name, boundsOf(form)]));
}

function boundsOf(form: Schema): number[] {
    const [, fewest, most] = /\{(\d+),(\d+)\}\$$/.exec(form.pattern ?? "") ?? []; // of bytes
    if (fewest && most) return [Number(fewest), Number(most)];
    const pattern = form.pattern ?? "";
    if (/^\^(0x|\(0\||\[1-9\])/.test(pattern))
        return [form.not || pattern.startsWith("^[1-9]") ? 1 : 0];
    const least = form.minimum ?? form.minLength ?? form.minItems ?? 0;
    const greatest = form.maximum ?? form.maxLength ?? form.maxItems;
    return greatest === undefined || WIDEST.includes(greatest) ? [least] : [least, greatest];
}
