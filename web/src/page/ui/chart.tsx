/** A chart of lines over time, with the same figures as a table for who can't see it. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { compact } from "../format/amount";
import { absolute } from "../format/time";
import { language, localeTag, t } from "../text";
import { colours } from "../theme";

export interface Line {
    name: string;
    /** A custom property of the style sheet */
    colour: string;
    values: (number | null)[];
    dash?: boolean;
    fill?: boolean;
}

export function Chart(props: {
    title: string;
    times: number[];
    lines: Line[];
    digits?: number;
    height?: number;
}): JSX.Element {
    const place = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot | null>(null);
    const names = props.lines.map((line) => line.name).join();
    const shown = colours.value;
    const height = props.height ?? 220;
    useEffect(() => {
        const box = place.current!;
        const width = (): number => Math.max(200, box.clientWidth);
        plot.current = new uPlot(options(props, width(), height), data(props), box);
        const watcher = new ResizeObserver(() => plot.current?.setSize({ width: width(), height }));
        watcher.observe(box);
        return () => {
            watcher.disconnect();
            plot.current?.destroy();
            plot.current = null;
        };
    }, [names, shown, language.value]);
    useEffect(() => plot.current?.setData(data(props)), [props.times, props.lines]);
    return (
        <figure class="chart">
            <figcaption>
                <strong>{props.title}</strong>
                {props.lines.map((line) => (
                    <span key={line.name} class="key">
                        <i
                            class={`swatch ${line.colour}${line.dash ? " dash" : ""}`}
                            aria-hidden="true"
                        />
                        {line.name}
                    </span>
                ))}
            </figcaption>
            <div ref={place} class="plot" aria-hidden="true" />
            <Figures {...props} />
        </figure>
    );
}

const MOST_ROWS = 60;

function Figures(props: {
    title: string;
    times: number[];
    lines: Line[];
    digits?: number;
}): JSX.Element {
    const from = Math.max(0, props.times.length - MOST_ROWS);
    const rows = props.times
        .map((time, index) => ({ time, index }))
        .slice(from)
        .reverse();
    return (
        <details class="figures">
            <summary>{t("chart.figures")}</summary>
            <div class="table" role="region" aria-label={props.title} tabIndex={0}>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{t("chart.time")}</th>
                            {props.lines.map((line) => (
                                <th key={line.name} scope="col" class="end">
                                    {line.name}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map(({ time, index }) => (
                            <tr key={time}>
                                <td data-name={t("chart.time")}>{absolute(time)}</td>
                                {props.lines.map((line) => (
                                    <td key={line.name} class="end" data-name={line.name}>
                                        {figure(line.values[index], props.digits)}
                                    </td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </details>
    );
}

function figure(value: number | null | undefined, digits = 2): string {
    if (value === null || value === undefined) return "–";
    return new Intl.NumberFormat(localeTag(), { maximumFractionDigits: digits }).format(value);
}

function data(props: { times: number[]; lines: Line[] }): uPlot.AlignedData {
    return [props.times, ...props.lines.map((line) => line.values)] as uPlot.AlignedData;
}

function options(
    props: { lines: Line[]; digits?: number },
    width: number,
    height: number,
): uPlot.Options {
    const style = getComputedStyle(document.documentElement);
    const probe = document.createElement("i");
    probe.hidden = true;
    document.body.append(probe);
    // The browser resolves light-dark() only on an element.
    const colour = (name: string): string => {
        probe.style.color = `var(--${name})`;
        return getComputedStyle(probe).color;
    };
    const [ink, rule] = [colour("faint"), colour("line")];
    const axis = {
        stroke: ink,
        grid: { stroke: rule, width: 1 },
        ticks: { stroke: rule, width: 1 },
    };
    const font = `11px ${style.getPropertyValue("--sans")}`;
    const made: uPlot.Options = {
        width,
        height,
        padding: [8, 28, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        axes: [
            { ...axis, font, values: (_, splits) => moments(splits) },
            {
                ...axis,
                font,
                size: 56,
                values: (_, splits, __, ___, step) => splits.map((value) => mark(value, step)),
            },
        ],
        scales: { x: { time: true }, y: { range: (_, low, high) => bounds(low, high) } },
        series: [
            {},
            ...props.lines.map((line) => ({
                label: line.name,
                stroke: colour(line.colour),
                width: 2,
                points: { show: false },
                paths: uPlot.paths.stepped!({ align: 1 }),
                ...(line.dash ? { dash: [5, 4] } : {}),
                ...(line.fill ? { fill: colour(`${line.colour}-soft`) } : {}),
            })),
        ],
    };
    probe.remove();
    return made;
}

/** As many decimals as tell one mark from the next. */
function mark(value: number | null, step: number): string {
    if (value === null) return "";
    if (step >= 1) return compact(value);
    let digits = Math.max(0, Math.floor(-Math.log10(step)));
    while (digits < 18 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6)
        digits++;
    return value.toFixed(digits);
}

function bounds(low: number, high: number): [number, number] {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
    const room = (high - low || Math.abs(high) || 1) * 0.12;
    return [Math.max(0, low - room), high + room];
}

function moments(splits: number[]): string[] {
    const span = splits.length > 1 ? splits[splits.length - 1]! - splits[0]! : 0;
    const form = new Intl.DateTimeFormat(
        localeTag(),
        span > 2 * 86_400
            ? { month: "short", day: "numeric" }
            : {
                  hour: "2-digit",
                  minute: "2-digit",
                  ...(span < 600 ? { second: "2-digit" } : {}),
                  hourCycle: "h23",
              },
    );
    return splits.map((value) => form.format(new Date(value * 1000)));
}
