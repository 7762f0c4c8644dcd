/** Amounts, prices and units as people read them; whole numbers inside, never floating point. */
import { localeTag } from "../text";

/** Decimals of prices and of what `price` takes: 10^-18 token per unit. */
export const PRICE_DECIMALS = 18;

/** Digits with separators; `most` decimals are shown, cut, never rounded up: nobody has more than it says. */
export function decimal(value: bigint, decimals: number, most = 4): string {
    const sign = value < 0n ? "−" : "";
    const size = value < 0n ? -value : value;
    const scale = 10n ** BigInt(decimals);
    const whole = new Intl.NumberFormat(localeTag()).format(size / scale);
    const digits = (size % scale).toString().padStart(decimals, "0");
    const shown = digits.slice(0, most).replace(/0+$/, "");
    const lost = /[1-9]/.test(digits.slice(most));
    if (!shown && lost && size / scale === 0n) return `${sign}<0.${"0".repeat(most - 1)}1`;
    return sign + whole + (shown ? `.${shown}` : "");
}

/** All digits, for what is signed. */
export function exactly(value: bigint, decimals: number): string {
    return decimal(value, decimals, decimals);
}

export function units(value: bigint): string {
    return new Intl.NumberFormat(localeTag()).format(value);
}

/** A count in few characters, for axes: 1.2M. */
export function compact(value: number): string {
    return new Intl.NumberFormat(localeTag(), {
        notation: "compact",
        maximumFractionDigits: 2,
    }).format(value);
}

export function percent(part: bigint, whole: bigint): string {
    if (whole <= 0n) return "–";
    return `${(Number((part * 1000n) / whole) / 10).toFixed(1)} %`;
}

/**
 * What somebody typed, in base units; null: no amount, or one with too many decimals. A comma parts thousands and nothing
 * else: to many "1,5" is one and a half.
 */
export function parsed(text: string, decimals: number): bigint | null {
    const found = /^(\d{1,30}|\d{1,3}(?:,\d{3}){1,9})(?:\.(\d*))?$/.exec(text.trim());
    if (!found) return null;
    const fraction = found[2] ?? "";
    if (fraction.length > decimals) return null;
    return BigInt(found[1]!.replaceAll(",", "") + fraction.padEnd(decimals, "0"));
}
