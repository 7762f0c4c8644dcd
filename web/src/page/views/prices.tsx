/** What a unit cost, and how much was for sale and taken, over time. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import * as shapes from "../api/shapes";
import type { PricePoint, ResourceClass } from "../api/shapes";
import { useAsked } from "../api/use";
import { PRICE_DECIMALS } from "../format/amount";
import { now } from "../format/time";
import { at, config } from "../market";
import { ask, route } from "../route";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Chart, type Line } from "../ui/chart";

const STEPS = { minute: 60, hour: 3_600, day: 86_400 } as const;
type Step = keyof typeof STEPS;
/** How far back each is shown, in steps. */
const SHOWN = { minute: 180, hour: 168, day: 365 } as const;

export function PriceCharts(props: { of: ResourceClass }): JSX.Element {
    const chosen = route.value.query.get("step");
    const step: Step = chosen === "hour" || chosen === "day" ? chosen : "minute";
    // Rounded, so that the address asked changes seldom.
    const from =
        Math.floor(now.value / STEPS[step] / 10) * STEPS[step] * 10 - SHOWN[step] * STEPS[step];
    const asked = useAsked(
        at(`/classes/${props.of.resource}/prices?step=${step}&from=${from}`),
        shapes.prices,
    );
    return (
        <section aria-label={t("market.history")}>
            <div class="bar">
                <h2>{t("market.history")}</h2>
                <div class="choice" role="group" aria-label={t("market.step")}>
                    {(Object.keys(STEPS) as Step[]).map((name) => (
                        <button
                            key={name}
                            type="button"
                            aria-pressed={name === step}
                            onClick={() => ask("step", name)}
                        >
                            {t(`step.${name}`)}
                        </button>
                    ))}
                </div>
            </div>
            <Shown of={asked}>
                {(found) => <Charts of={props.of} points={found.points} step={STEPS[step]} />}
            </Shown>
        </section>
    );
}

function Charts(props: { of: ResourceClass; points: PricePoint[]; step: number }): JSX.Element {
    const words = [
        t("market.price"),
        t("market.paid"),
        t("market.supply"),
        t("market.demand"),
        t("market.capacity"),
    ];
    const symbol = config.value?.symbol ?? "";
    const drawn = useMemo(
        () => lines(props.of, props.points, props.step, words),
        [props.of, props.points, props.step, ...words],
    );
    if (!props.points.length) return <p class="nothing">{t("market.noHistory")}</p>;
    return (
        <div class="charts">
            <Chart
                title={t("chart.price", { symbol })}
                times={drawn.times}
                lines={drawn.prices}
                digits={8}
            />
            <Chart title={t("chart.units")} times={drawn.times} lines={drawn.amounts} digits={0} />
        </div>
    );
}

function lines(of: ResourceClass, points: PricePoint[], step: number, words: string[]) {
    const times = points.map((point) => point.start);
    const last = points.at(-1);
    const quoted = filled(points.map((point) => point.quoted ?? point.close));
    const close: (bigint | null)[] = points.map((point) => point.close);
    const [published, demanded, registered] = [
        points.map((point) => point.published),
        points.map((point) => point.demanded),
        points.map((point) => point.registered),
    ];
    if (last) {
        // Until now all has stayed as it was; a line needs two points, too.
        times.push(Math.max(now.value, last.start + step));
        quoted.push(of.price ?? quoted.at(-1) ?? null);
        close.push(close.at(-1) ?? null);
        published.push(of.published);
        demanded.push(of.demanded);
        registered.push(of.registered);
    }
    const prices: Line[] = [
        { name: words[0]!, colour: "price", values: quoted.map(price), fill: true },
        { name: words[1]!, colour: "demand", values: filled(close).map(price), dash: true },
    ];
    const amounts: Line[] = [
        { name: words[2]!, colour: "supply", values: published.map(Number) },
        { name: words[3]!, colour: "demand", values: demanded.map(Number), fill: true },
        { name: words[4]!, colour: "faint", values: registered.map(Number), dash: true },
    ];
    return { times, prices, amounts };
}

function price(value: bigint | null): number | null {
    return value === null ? null : Number(value) / 10 ** PRICE_DECIMALS;
}

function filled(values: (bigint | null)[]): (bigint | null)[] {
    let last: bigint | null = null;
    return values.map((value) => (last = value ?? last));
}
