/** What stands around every view. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { live } from "../api/live";
import { configuration, status, troubled } from "../market";
import { route } from "../route";
import { type Key, type Language, language, LANGUAGES, speak, t } from "../text";
import { paint, type Theme, theme, THEMES } from "../theme";
import { Link } from "./basic";

const PARTS: [view: string, to: string, name: Key, others: string[]][] = [
    ["", "/", "nav.market", []],
    ["job", "/job", "nav.job", []],
    ["deals", "/deals", "nav.deals", ["deal"]],
    ["miners", "/miners", "nav.miners", ["miner"]],
    ["cases", "/cases", "nav.cases", ["case"]],
    ["channels", "/channels", "nav.channels", ["channel", "storage"]],
    ["proposals", "/proposals", "nav.proposals", ["proposal"]],
    ["mine", "/mine", "nav.mine", []],
];

export function Shell(props: {
    children: ComponentChildren;
    wallet: ComponentChildren;
}): JSX.Element {
    const view = route.value.view;
    useEffect(() => {
        // On a phone the parts scroll: where one is must be seen.
        const current = document.querySelector("nav.parts [aria-current]");
        current?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }, [view]);
    return (
        <>
            <a class="skip" href="#content">
                {t("site.skip")}
            </a>
            <header class="top">
                <Link to="/" class="brand">
                    <span class="mark" aria-hidden="true">
                        算
                    </span>
                    {t("site.name")}
                </Link>
                <nav class="parts" aria-label={t("site.navigation")}>
                    {PARTS.map(([name, to, key, others]) => (
                        <Link key={name} to={to} current={view === name || others.includes(view)}>
                            {t(key)}
                        </Link>
                    ))}
                </nav>
                <div class="wallet">{props.wallet}</div>
            </header>
            <main id="content">
                {troubled.value && (
                    <p class="notice bad" role="alert">
                        {troubled.value.sentence}
                    </p>
                )}
                {props.children}
            </main>
            <footer class="bottom">
                <Live />
                <Settings />
                <p class="faint">{t("site.source")}</p>
            </footer>
        </>
    );
}

function Live(): JSX.Element {
    const known = status.value;
    const behind = known?.head && known.block !== null ? known.head - known.block : 0;
    const words = !live.value
        ? t("live.off")
        : behind > 5
          ? t("live.behind", { blocks: behind })
          : t("live.on", { block: known?.block ?? "…" });
    const chain = configuration.value?.chain_id;
    return (
        <p class="live">
            <i class={live.value && behind <= 5 ? "dot on" : "dot"} aria-hidden="true" />
            {words}
            {chain !== undefined && <span class="faint"> · {t("site.chain", { chain })}</span>}
        </p>
    );
}

function Settings(): JSX.Element {
    return (
        <div class="settings">
            <label>
                {t("set.language")}
                <select
                    value={language.value}
                    onChange={(event) => speak(event.currentTarget.value as Language)}
                >
                    {Object.entries(LANGUAGES).map(([code, { name, tag }]) => (
                        <option key={code} value={code} lang={tag}>
                            {name}
                        </option>
                    ))}
                </select>
            </label>
            <label>
                {t("set.theme")}
                <select
                    value={theme.value}
                    onChange={(event) => paint(event.currentTarget.value as Theme)}
                >
                    {THEMES.map((name) => (
                        <option key={name} value={name}>
                            {t(`set.${name}`)}
                        </option>
                    ))}
                </select>
            </label>
        </div>
    );
}
