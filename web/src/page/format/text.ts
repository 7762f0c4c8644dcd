/** Text that others wrote, made harmless: it is shown as text always, and can't reorder what stands around it. */

// Controls, marks of direction, zero-width characters, tags, and what has no glyph.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;
// Piles of combining marks run over the lines above and below.
const PILES = /(\p{M}{3})\p{M}+/gu;

/** One line of at most `most` characters, without anything that can't be seen. */
export function plain(text: unknown, most = 80): string {
    const whole = typeof text === "string" ? text : "";
    // A megabyte is cut before it is looked at.
    const line = whole
        .slice(0, most * 8)
        .replace(/\s+/g, " ")
        .replace(UNSEEN, "")
        .replace(PILES, "$1")
        .trim();
    const shown = Array.from(line);
    return shown.length > most || whole.length > most * 8
        ? `${shown.slice(0, most - 1).join("")}…`
        : line;
}

/** Several lines, each made plain. */
export function paragraphs(text: unknown, most = 40): string[] {
    const whole = typeof text === "string" ? text.slice(0, 20_000) : "";
    return whole
        .split(/\r?\n/)
        .slice(0, most)
        .map((line) => plain(line, 400))
        .filter(Boolean);
}

/** The symbol of a token: letters, digits and a few signs, or what it stands for. */
export function symbolOf(text: unknown): string {
    const kept = plain(text, 40).replace(/[^\p{L}\p{N}.$€₮₿-]/gu, "");
    return kept && kept.length <= 12 ? kept : "TOKEN";
}

const HEX = /^0x[0-9a-f]*$/i;

export function shortHex(text: unknown, digits = 4): string {
    const whole = typeof text === "string" ? text : "";
    if (!HEX.test(whole)) return plain(whole, 2 * digits + 4);
    return whole.length <= 2 * digits + 5
        ? whole
        : `${whole.slice(0, 2 + digits)}…${whole.slice(-digits)}`;
}
