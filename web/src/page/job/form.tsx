/** What a job is: its program, its tasks, its limits, and how their outputs become one result. */
import type { JSX } from "preact";
import { classes } from "../market";
import { t } from "../text";
import { Field } from "../ui/form";
import { nameOf } from "../views/market";
import type { Choice } from "./choice";
import { FileField } from "./files";

type Props = { of: Choice; set(change: Partial<Choice>): void };

export function ChoiceForm({ of, set }: Props): JSX.Element {
    const sold = classes.value.filter((one) => one.kind === "judged" && !one.retired);
    return (
        <>
            <fieldset class="form">
                <legend>{t("job.program")}</legend>
                <FileField
                    name={t("job.module")}
                    accept=".wasm,application/wasm"
                    set={([program]) => set({ program: program ?? null })}
                />
                <label>
                    {t("job.class")}
                    <select
                        value={String(of.resource || sold[0]?.resource || "")}
                        onChange={(event) => set({ resource: Number(event.currentTarget.value) })}
                    >
                        {sold.map((one) => (
                            <option key={one.resource} value={String(one.resource)}>
                                {nameOf(one)}
                            </option>
                        ))}
                    </select>
                </label>
                <FileField name={t("job.all")} many set={(all) => set({ all })} />
            </fieldset>
            <Tasks of={of} set={set} />
            <fieldset class="form">
                <legend>{t("job.limits")}</legend>
                <Field name={t("job.units")} value={of.units} set={(units) => set({ units })} />
                <Field name={t("job.memory")} value={of.memory} set={(memory) => set({ memory })} />
            </fieldset>
            <Gathering of={of} set={set} />
            <p>
                <label class="check">
                    <input
                        type="checkbox"
                        checked={of.seal}
                        onChange={(event) => set({ seal: event.currentTarget.checked })}
                    />
                    {t("job.seal")}
                </label>
            </p>
        </>
    );
}

function Tasks({ of, set }: Props): JSX.Element {
    return (
        <fieldset class="form">
            <legend>{t("job.tasks")}</legend>
            <Select
                name={t("job.pattern")}
                value={of.pattern}
                among={["count", "files", "lines"]}
                say={(pattern) => t(`pattern.${pattern}`)}
                set={(pattern) => {
                    const args = { count: "{index}", files: "{path}", lines: "" }[pattern];
                    set({ pattern, args });
                }}
            />
            {of.pattern === "count" && (
                <Field name={t("job.count")} value={of.count} set={(count) => set({ count })} />
            )}
            {of.pattern === "files" && (
                <FileField name={t("job.each")} many set={(each) => set({ each })} />
            )}
            {of.pattern === "lines" && (
                <label>
                    {t("job.lines")}
                    <textarea
                        rows={4}
                        spellcheck={false}
                        value={of.lines}
                        onInput={(event) => set({ lines: event.currentTarget.value })}
                    />
                </label>
            )}
            <label>
                {t("job.args")}
                <input
                    type="text"
                    size={30}
                    spellcheck={false}
                    value={of.args}
                    onInput={(event) => set({ args: event.currentTarget.value })}
                />
            </label>
            <p class="faint">{t(`places.${of.pattern}`)}</p>
        </fieldset>
    );
}

function Gathering({ of, set }: Props): JSX.Element {
    return (
        <fieldset class="form">
            <legend>{t("job.gather")}</legend>
            <Select
                name={t("job.result")}
                value={of.gather}
                among={["files", "concat", "sum", "program"]}
                say={(kind) => t(`gathering.${kind}`)}
                set={(gather) => set({ gather })}
            />
            {(of.gather === "concat" || of.gather === "sum") && (
                <>
                    <Text
                        name={t("job.source")}
                        value={of.source}
                        set={(source) => set({ source })}
                    />
                    <Text
                        name={t("job.target")}
                        value={of.target}
                        set={(target) => set({ target })}
                    />
                </>
            )}
            {of.gather === "program" && (
                <>
                    <FileField
                        name={t("job.module")}
                        accept=".wasm,application/wasm"
                        set={([gatherer]) => set({ gatherer: gatherer ?? null, target: "" })}
                    />
                    <Text
                        name={t("job.args")}
                        value={of.gatherArgs}
                        set={(gatherArgs) => set({ gatherArgs })}
                    />
                </>
            )}
        </fieldset>
    );
}

function Text(props: { name: string; value: string; set(value: string): void }): JSX.Element {
    return <Field {...props} mode="text" size={20} />;
}

function Select<T extends string>(props: {
    name: string;
    value: T;
    among: readonly T[];
    say(one: T): string;
    set(one: T): void;
}): JSX.Element {
    return (
        <label>
            {props.name}
            <select
                value={props.value}
                onChange={(event) => props.set(event.currentTarget.value as T)}
            >
                {props.among.map((one) => (
                    <option key={one} value={one}>
                        {props.say(one)}
                    </option>
                ))}
            </select>
        </label>
    );
}
