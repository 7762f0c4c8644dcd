/** The page without a wallet, on a relay that answers from a table. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { barriers, browse, expectFits, NARROW, opened, picture, WIDE } from "./browser";
import { answers as market, classes, tokens } from "./fake/market";
import { FakeRelay } from "./fake/relay";
import { answers as things, VIEWS } from "./fake/things";

let browser: Browser;
let relay: FakeRelay;

beforeAll(async () => {
    [browser, relay] = await Promise.all([browse(), FakeRelay.start({ ...market, ...things })]);
});
afterAll(async () => {
    await browser.close();
    await relay.stop();
});

const LOOKS = [
    { look: "wide-light", viewport: WIDE, colorScheme: "light", locale: "en-US" },
    { look: "wide-dark", viewport: WIDE, colorScheme: "dark", locale: "zh-CN" },
    { look: "narrow-light", viewport: NARROW, colorScheme: "light", locale: "zh-CN" },
    { look: "narrow-dark", viewport: NARROW, colorScheme: "dark", locale: "en-US" },
] as const;

test.each(LOOKS)(
    "every view in $look is whole, fits and has no barriers",
    async ({ look, ...options }) => {
        const { page, wrong } = await opened(browser, relay.url, options);
        for (const [name, path] of Object.entries(VIEWS)) {
            await page.goto(relay.url + path);
            await page.locator("main h1").waitFor();
            await expect.poll(() => page.locator(".waiting").count()).toBe(0);
            await page.locator("footer .dot.on").waitFor();
            await expectFits(page);
            expect(await page.locator('[role="alert"]').allTextContents(), name).toEqual([]);
            expect(await barriers(page), name).toEqual([]);
            await picture(page, `${name}-${look}`);
        }
        expect(wrong).toEqual([]);
        await page.context().close();
    },
);

/** Four: a machine may have much else to do. */
const SECOND = 4_000;

test("what happens is shown within a second, without a reload", async () => {
    const { page, wrong } = await opened(browser, relay.url);
    const price = page.locator(".tile .figure").first();
    await price.getByText("0.024512").waitFor();
    relay.answers["/api/v1/classes"] = classes.map((one) => ({ ...one, price: tokens(0.03) }));
    relay.send("entry", { name: "RequestConfirmed", about: [] });
    await price.getByText("0.03", { exact: true }).waitFor({ timeout: SECOND });
    relay.send("block", { block: 94_321 });
    await page.locator("footer").getByText("block 94321").waitFor({ timeout: SECOND });
    relay.answers["/api/v1/classes"] = classes;
    // What is undone is asked anew, too.
    relay.send("reorganized", { block: 94_300, time: 0 });
    await price.getByText("0.024512").waitFor({ timeout: SECOND });
    expect(wrong).toEqual([]);
    await page.context().close();
});

test("language and colours are chosen, and stay", async () => {
    const { page } = await opened(browser, relay.url);
    await page.getByLabel("Language").selectOption("zh");
    await page.getByRole("heading", { name: "市场" }).waitFor();
    await page.getByLabel("配色").selectOption("dark");
    await page.reload();
    await page.getByRole("heading", { name: "市场" }).waitFor();
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(paper).toBe("rgb(20, 23, 26)");
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh-Hans");
    await page.context().close();
});

test("offers sort and filter; an estimate says who takes a job, and why not", async () => {
    const { page } = await opened(browser, relay.url);
    const offers = page.getByRole("region", { name: "Offers" }).last();
    const first = offers.locator("tbody tr").first();
    await first.getByText("Miner 1").waitFor();
    await offers.getByRole("button", { name: "Ask" }).click();
    await first.getByText("Miner 5").waitFor();
    await page.getByLabel("only those for everybody").check();
    await offers.getByText("verified requesters only").waitFor({ state: "detached" });
    await page.getByLabel("units free, at least").fill("5000");
    await expect.poll(() => relay.asked.some((path) => path.includes("least=5000"))).toBe(true);
    const estimate = page.getByRole("region", { name: "What would a job cost now?" }).first();
    await estimate.getByText("3 of 5 offers would take it.").waitFor();
    await estimate.getByText("Too few units are free.").waitFor();
    await page.getByLabel("units", { exact: true }).fill("many");
    await estimate.getByText("whole numbers above zero").waitFor();
    await page.context().close();
});

test("everything is reached by the keyboard, and heads are told", async () => {
    const { page } = await opened(browser, relay.url);
    await page.locator("footer .dot.on").waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe(
        "Skip to the content",
    );
    for (let count = 0; count < 5; count++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Miners" }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
    await page.goBack();
    await page.getByRole("heading", { name: "Market" }).waitFor();
    await page.context().close();
});

test("a proposal's title is its first line, and a story tells times as they were told", async () => {
    const { page } = await opened(browser, relay.url + VIEWS.proposal);
    const title = page.locator("main h2 bdi");
    await expect.poll(() => title.textContent()).toBe("Lower the fee to half a percent");
    await page.goto(relay.url + VIEWS.case);
    await page.getByText(/^Now voting, until [A-Z][a-z]{2} \d+, \d{4}, /).waitFor();
    await page.context().close();
});
