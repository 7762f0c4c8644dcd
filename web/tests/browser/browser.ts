/** Chromium as Debian packages it, and pages that tell what goes wrong in them. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];
const PICTURES = new URL("../../../reports/page/", import.meta.url).pathname;
export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

export async function browse(): Promise<Browser> {
    const executablePath = PLACES.find((place) => place && existsSync(place));
    if (!executablePath)
        throw new Error(
            "Chromium is missing: apt-get install chromium, or name it: CHROMIUM=/path",
        );
    // As root, as in containers, Chromium's own sandbox does not start.
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    return chromium.launch({ executablePath, args });
}

/** A page whose errors, and what its policy refused, are collected. */
export async function opened(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
): Promise<{ page: Page; wrong: string[] }> {
    const context = await browser.newContext({ viewport: WIDE, locale: "en-US", ...options });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    page.on("console", (message) => {
        // That an answer was a refusal is the browser's own line.
        if (message.type() === "error" && !/Failed to load resource/.test(message.text()))
            wrong.push(`console: ${message.text()}`);
    });
    await page.goto(url);
    return { page, wrong };
}

/** What axe finds serious or critical, in few words. */
export async function barriers(page: Page): Promise<string[]> {
    // Through the debugger: the page's policy lets no other script in.
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: typeof import("axe-core") };
        const { violations } = await axe.run(document);
        return violations
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .map(
                ({ id, nodes }) =>
                    `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`,
            );
    });
    return found;
}

/** Nothing stands beyond the edge of the screen. */
export async function expectFits(page: Page): Promise<void> {
    const [content, screen] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
    ]);
    expect(content, "wider than the screen").toBeLessThanOrEqual(screen!);
}

/** A picture to be looked at: reports/page/NAME.png. */
export async function picture(page: Page, name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}
