/** Times as people read them, from seconds since 1970. */
import { signal } from "@preact/signals";
import { localeTag, t } from "../text";

/** The present second of the chain, for what is shown as "3 minutes ago": deadlines are by its clock. */
export const now = signal(Math.floor(Date.now() / 1000));
let ahead = 0;
setInterval(tick, 5_000);

function tick(): void {
    now.value = Math.floor(Date.now() / 1000) + ahead;
}

/** The newest block is of this second: a chain may be ahead of the clock here. */
export function setClock(seconds: number): void {
    const next = Math.max(0, seconds - Math.floor(Date.now() / 1000));
    if (Math.abs(next - ahead) < 3) return;
    ahead = next;
    tick();
}

const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, "second"],
    [3_600, "minute"],
    [86_400, "hour"],
    [30 * 86_400, "day"],
    [365 * 86_400, "month"],
    [Infinity, "year"],
];
const SIZES: Partial<Record<Intl.RelativeTimeFormatUnit, number>> = {
    second: 1,
    minute: 60,
    hour: 3_600,
    day: 86_400,
    month: 30 * 86_400,
    year: 365 * 86_400,
};
/** The last second that a Date can tell. */
const LAST = 8_640_000_000_000;

export function relative(seconds: number): string {
    const away = seconds - now.value;
    if (Math.abs(away) < 5) return t("time.now");
    const [, unit] = STEPS.find(([below]) => Math.abs(away) < below)!;
    const form = new Intl.RelativeTimeFormat(localeTag(), { numeric: "auto", style: "short" });
    return form.format(Math.round(away / SIZES[unit]!), unit);
}

export function absolute(seconds: number): string {
    if (!(Math.abs(seconds) < LAST)) return "–";
    const form = new Intl.DateTimeFormat(localeTag(), { dateStyle: "medium", timeStyle: "medium" });
    return form.format(new Date(seconds * 1000));
}

/** A length of time: "1 h 5 min". */
export function duration(seconds: number): string {
    const parts: [number, Intl.NumberFormatOptions["unit"]][] = [
        [86_400, "day"],
        [3_600, "hour"],
        [60, "minute"],
        [1, "second"],
    ];
    // What takes any time at all takes a second.
    let left = seconds > 0 ? Math.max(1, Math.round(seconds)) : 0;
    const shown: string[] = [];
    for (const [size, unit] of parts) {
        const count = Math.floor(left / size);
        left -= count * size;
        if (count && shown.length < 2) {
            const form = new Intl.NumberFormat(localeTag(), {
                style: "unit",
                unit,
                unitDisplay: "short",
            });
            shown.push(form.format(count));
        }
    }
    return shown.join(" ") || "0 s";
}
