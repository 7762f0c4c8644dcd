/** Names, answers and pages that mean ill: none runs code, breaks the layout or leaves the page blank. */
import { createServer } from "node:http";
import type { Browser, Page } from "playwright-core";
import { encodeFunctionData, parseAbi } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { browse, expectFits, NARROW, opened, picture } from "./browser";
import { answers as market, classes, config, hash, offers } from "./fake/market";
import { FakeRelay, Raw } from "./fake/relay";
import { answers as things, dealStory, proposalStory, VIEWS } from "./fake/things";

const SCRIPT = `"><script>window.pwned=1</script><img src=x onerror="window.pwned=1"><svg onload=window.pwned=1>`;
const [OVERRIDE, ISOLATE, ZERO, TAG] = ["\u202e", "\u2067", "\u200b", "\u{e0041}"];
const TURNED = `safe${OVERRIDE}0001 TLS ${ISOLATE}nice${ZERO}${TAG}`;
const PILE = `Z${"\u0335\u0353\u0310".repeat(200)}`;
const LONG = "W".repeat(1 << 20);
const NAMES = {
    script: SCRIPT,
    turned: TURNED,
    piled: PILE,
    long: LONG,
    words: "word ".repeat(50_000),
};

const RETIRE = encodeFunctionData({
    abi: parseAbi(["function retireTerms(uint32)"]),
    args: [1],
});

let browser: Browser;
let relay: FakeRelay;
let page: Page;
let wrong: string[];
let strangers: string[];

beforeAll(async () => {
    [browser, relay] = await Promise.all([browse(), FakeRelay.start({})]);
});
afterAll(async () => {
    await browser.close();
    await relay.stop();
});
beforeEach(async () => {
    relay.answers = { ...market, ...things };
    ({ page, wrong } = await opened(browser, "about:blank", { viewport: NARROW }));
    strangers = [];
    page.on("request", (request) => {
        const { protocol, origin } = new URL(request.url());
        if (protocol !== "data:" && origin !== relay.url) strangers.push(request.url());
    });
});
afterEach(async () => {
    expect(await page.evaluate(() => (window as { pwned?: unknown }).pwned)).toBe(undefined);
    expect(strangers).toEqual([]);
    expect(wrong.filter((line) => !line.includes("(expected)"))).toEqual([]);
    await page.context().close();
});

async function shown(path: string): Promise<string> {
    await page.goto(relay.url + path);
    await page.locator("main h1").waitFor();
    await expect.poll(() => page.locator(".waiting").count()).toBe(0);
    return page.locator("body").innerText();
}

test.each(Object.entries(NAMES))("names of strangers: %s", async (kind, name) => {
    const called = (one: object) => ({ ...one, unit: name });
    const reasons = [{ code: name.slice(0, 400), detail: name.slice(0, 400) }];
    relay.answers["/api/v1/config"] = { ...config, token: { ...config.token, symbol: name } };
    relay.answers["/api/v1/classes"] = classes.map(called);
    relay.answers["/api/v1/offers"] = {
        ...offers,
        items: offers.items.map((one) => ({ ...one, state: name })),
    };
    relay.answers["/api/v1/classes/1/estimate"] = {
        ...(market["/api/v1/classes/1/estimate"] as { offers: object[] }),
        offers: market["/api/v1/classes/1/estimate"].offers.map((one) => ({
            ...one,
            takes: false,
            reasons,
        })),
    };
    const story = dealStory.history.map((entry) => ({
        ...entry,
        name: kind === "script" ? "__proto__" : name.slice(0, 1_000),
        arguments: {
            [name.slice(0, 300)]: name,
            nested: { deep: [name.slice(0, 5_000)] },
            ["__proto__"]: name,
        },
    }));
    relay.answers[`/api/v1/deals/${hash("d")}`] = {
        ...dealStory,
        state: name,
        trial: name,
        history: story,
    };
    relay.answers[`/api/v1/proposals/${hash("4")}`] = {
        ...proposalStory,
        state: name,
        description: name,
    };
    for (const path of ["/", `/deal/${hash("d")}`, `/proposal/${hash("4")}`]) {
        const text = await shown(path);
        await expectFits(page);
        expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e007f}]/u);
        expect(text.length).toBeLessThan(30_000);
        for (const details of await page.locator("details.raw").all())
            await details.evaluate((one) => one.setAttribute("open", ""));
        await expectFits(page);
    }
    await picture(page, `hostile-${kind}-narrow-light`);
});

test("calls that are left out, cut, of a stranger or send coin are told", async () => {
    const { market: known } = config.contracts;
    const stranger = `0x${"57".repeat(20)}`;
    relay.answers[`/api/v1/proposals/${hash("4")}`] = {
        ...proposalStory,
        calls_in_all: 4,
        calls: [
            { target: known, value: "0", data: RETIRE, cut: false },
            { target: stranger, value: "1500000000000000000", data: "0x", cut: false },
            { target: stranger, value: "0", data: RETIRE.slice(0, 40), cut: true },
        ],
    };
    await shown(`/proposal/${hash("4")}`);
    const calls = await page.locator(".calls > li").allInnerTexts();
    expect(calls[0]).toMatch(new RegExp(`^retireTerms of the market\\s+${known}\\s`));
    expect(calls[1]).toMatch(
        /^an unknown function of a contract that this page does not know\s+0x(57){20}\s/,
    );
    expect(calls.map((call) => /longer than what is shown/.test(call))).toEqual([
        false,
        false,
        true,
    ]);
    expect(await page.locator(".notice.bad").allInnerTexts()).toEqual([
        "It makes 4 calls, of which 3 are shown here: read all of them on the chain before you vote.",
        "Sends 1.5 of the chain's coin with it.",
        "Its data is longer than what is shown here: read all of it on the chain before you vote.",
    ]);
    await expectFits(page);
    await picture(page, "proposal-calls-narrow-light");
});

const NONSENSE: [string, unknown][] = [
    ["no JSON", new Raw("<html>no</html>")],
    ["an error as HTML", new Raw("<h1>502</h1><script>window.pwned=1</script>", 502)],
    ["a reason with a script", new Raw(JSON.stringify({ detail: SCRIPT + TURNED + LONG }), 422)],
    ["too much", new Raw(`["${"x".repeat(9 << 20)}"]`)],
    ["null", null],
    ["a number", 7],
    [
        "numbers that are none",
        classes.map((one) => ({ ...one, registered: "1e400", price: "-0x1" })),
    ],
    ["amounts without end", classes.map((one) => ({ ...one, price: "9".repeat(1_000_000) }))],
    ["a million classes", Array.from({ length: 100_000 }, () => 0)],
];

test.each(NONSENSE)(
    "an answer that is %s is said to be wrong, in a sentence",
    async (_, answer) => {
        relay.answers["/api/v1/classes"] = answer;
        await page.goto(relay.url);
        const alert = page.getByRole("alert").first();
        await alert.waitFor();
        expect(await alert.innerText()).toMatch(
            /^The relay (answered something that makes no sense|refused: )/,
        );
        expect((await alert.innerText()).length).toBeLessThan(500);
        await expectFits(page);
        relay.answers["/api/v1/classes"] = classes;
        relay.send("entry", { name: "x" });
        await page.getByText("by 5 miners").waitFor();
        expect(await page.getByRole("alert").count()).toBe(0);
    },
);

test("events that are none do nothing", async () => {
    await shown("/");
    for (const data of [
        null,
        [],
        "x",
        { block: "<script>" },
        { block: -1, name: {} },
        { name: SCRIPT },
    ])
        relay.send("entry", data);
    relay.send("block", { block: 77_777 });
    await page.locator("footer").getByText("block 77777").waitFor();
});

test("addresses that mean ill", async () => {
    for (const path of [
        `/deal/${encodeURIComponent("../../v1/info?x=")}`,
        `/account/${encodeURIComponent(SCRIPT)}`,
        "/miner/%ff",
        "/constructor",
        "/__proto__/x",
        `/?class=${encodeURIComponent(SCRIPT)}&step=__proto__`,
    ]) {
        await shown(path);
        await expectFits(page);
    }
    expect(relay.asked.filter((path) => path.startsWith("/v1/"))).toEqual([]);
});

test("the policy holds: nothing inline, no eval, nobody else, no frame around it", async () => {
    await shown("/");
    const tried = await page.evaluate(async () => {
        // The debugger's own call may do more: what comes after it is the page's.
        await new Promise((later) => setTimeout(later));
        const results: Record<string, string> = {};
        const attempt = async (name: string, act: () => unknown): Promise<void> => {
            try {
                await act();
                results[name] = "done";
            } catch {
                results[name] = "refused";
            }
        };
        await attempt("inline script", () => {
            const script = document.createElement("script");
            script.append("window.pwned = 1");
            document.head.append(script);
        });
        await attempt("html", () => (document.createElement("div").innerHTML = "<b>x</b>"));
        await attempt("eval", () => (0, eval)("window.pwned = 1"));
        await attempt("function", () => new Function("window.pwned = 1")());
        await attempt("elsewhere", () => fetch("https://example.com/"));
        await attempt("handler", () => document.body.setAttribute("onclick", "window.pwned = 1"));
        document.body.click();
        return results;
    });
    expect(tried.html).toBe("refused");
    expect(tried.eval).toBe("refused");
    expect(tried.function).toBe("refused");
    expect(tried.elsewhere).toBe("refused");
    expect(await page.evaluate(() => (window as { pwned?: unknown }).pwned)).toBe(undefined);
    wrong.length = 0; // the browser says what it refused

    const outside = createServer((_, response) =>
        response
            .setHeader("content-type", "text/html")
            .end(`<iframe src="${relay.url}/"></iframe>`),
    );
    await new Promise<void>((ready) => outside.listen(0, "127.0.0.1", ready));
    await page.goto(`http://127.0.0.1:${(outside.address() as { port: number }).port}/`);
    await page.waitForLoadState("networkidle");
    const inner = page.frames().find((frame) => frame !== page.mainFrame())!;
    expect(await inner.evaluate(() => document.querySelector("#page")).catch(() => null)).toBe(
        null,
    );
    [wrong.length, strangers.length] = [0, 0];
    outside.close();
});

test("a relay that is away leaves each view with a sentence", async () => {
    relay.answers = {};
    for (const path of Object.values(VIEWS)) {
        await page.goto(relay.url + path);
        await page.getByRole("alert").first().waitFor();
        await expectFits(page);
    }
});
