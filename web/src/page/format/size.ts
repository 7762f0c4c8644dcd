/** Sizes as people read them. */
import { localeTag } from "../text";

const STEPS: [number, string][] = [
    [2 ** 30, "gigabyte"],
    [2 ** 20, "megabyte"],
    [2 ** 10, "kilobyte"],
    [1, "byte"],
];

/** Of a number of bytes. */
export function bytes(size: number): string {
    const [step, unit] = STEPS.find(([least]) => size >= least) ?? STEPS.at(-1)!;
    // "24 byte" is what browsers call short.
    const unitDisplay = unit === "byte" ? "long" : "short";
    const style = { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 } as const;
    return new Intl.NumberFormat(localeTag(), style).format(size / step);
}
