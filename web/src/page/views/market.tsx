/** Price, supply and demand of each class, its offers, and what a job would cost now. */
import type { JSX } from "preact";
import { type ResourceClass } from "../api/shapes";
import { percent } from "../format/amount";
import { plain } from "../format/text";
import { duration } from "../format/time";
import { classes, status, troubled } from "../market";
import { route } from "../route";
import { t, tOr } from "../text";
import { Badge, Heading, Link, Price, Units } from "../ui/basic";
import { Estimating } from "./estimate";
import { Offers } from "./offers";
import { PriceCharts } from "./prices";

export function MarketView(): JSX.Element {
    const all = classes.value;
    const asked = Number(route.value.query.get("class"));
    const chosen =
        all.find((one) => one.resource === asked) ?? all.find((one) => !one.retired) ?? all[0];
    return (
        <>
            <Heading>{t("nav.market")}</Heading>
            {chosen ? (
                <>
                    <Choice of={all} chosen={chosen} />
                    <Tiles of={chosen} />
                    <PriceCharts of={chosen} />
                    {chosen.kind === "judged" && <Estimating key={chosen.resource} of={chosen} />}
                    <Offers of={chosen} />
                </>
            ) : (
                <Without />
            )}
        </>
    );
}

function Without(): JSX.Element | null {
    if (troubled.value) return null;
    if (status.value) return <p class="nothing">{t("none.classes")}</p>;
    return <p class="waiting">{t("wait.loading")}</p>;
}

function Choice(props: { of: ResourceClass[]; chosen: ResourceClass }): JSX.Element {
    return (
        <nav class="tabs" aria-label={t("market.classes")}>
            {props.of.map((one) => (
                <Link
                    key={one.resource}
                    to={`/?class=${one.resource}`}
                    current={one === props.chosen}
                >
                    <span class="number">{one.resource}</span> <bdi>{nameOf(one)}</bdi>
                    {one.retired && <Badge mood="quiet">{t("market.retired")}</Badge>}
                </Link>
            ))}
        </nav>
    );
}

export function nameOf(one: ResourceClass): string {
    return plain(one.unit, 32) || String(one.resource);
}

function Tiles(props: { of: ResourceClass }): JSX.Element {
    const one = props.of;
    const free = one.published > one.demanded ? one.published - one.demanded : 0n;
    const share = one.utilization === null ? 0 : Math.min(1, Math.max(0, one.utilization));
    return (
        <section class="tiles" aria-label={t("market.now")}>
            <Tile name={t("market.price")} note={t("market.perUnit")}>
                {one.price === null ? "–" : <Price of={one.price} />}
            </Tile>
            <Tile
                name={t("market.utilization")}
                note={<meter min={0} max={1} value={share} aria-label={t("market.utilization")} />}
            >
                {percent(one.demanded, one.published)}
            </Tile>
            <Tile name={t("market.supply")} note={t("market.miners", { count: one.miners })}>
                <Units of={one.published} />
            </Tile>
            <Tile name={t("market.demand")} note={t("market.deals", { count: one.deals })}>
                <Units of={one.demanded} />
            </Tile>
            <Tile
                name={t("market.free")}
                note={
                    one.unit_seconds
                        ? t("market.unitLasts", { time: duration(one.unit_seconds) })
                        : tOr(`kind.${one.kind}`, "")
                }
            >
                <Units of={free} />
            </Tile>
        </section>
    );
}

function Tile(props: { name: string; note: JSX.Element | string; children: unknown }): JSX.Element {
    return (
        <div class="tile">
            <h2>{props.name}</h2>
            <p class="figure">{props.children as JSX.Element}</p>
            <p class="note">{props.note}</p>
        </div>
    );
}
