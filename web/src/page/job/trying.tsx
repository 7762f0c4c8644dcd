/** One task in this browser's own WebAssembly, before anything is paid. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Job } from "../../job/build";
import { runTrial } from "../../job/runTrial";
import { type Trial, trialTaskOf } from "../../job/trial";
import { plain } from "../format/text";
import { t } from "../text";
import { sentenceOf } from "../wallet/refusals";
import { Output, Save } from "./files";

export function Trying(props: {
    job(): Job;
    tried: Trial | undefined;
    set(trial: Trial | undefined): void;
}): JSX.Element {
    const [busy, setBusy] = useState(false);
    const [wrong, setWrong] = useState("");
    const go = async (): Promise<void> => {
        props.set(undefined);
        setWrong("");
        setBusy(true);
        try {
            props.set(await runTrial(trialTaskOf(props.job(), 0)));
        } catch (error) {
            setWrong(sentenceOf(error));
        } finally {
            setBusy(false);
        }
    };
    return (
        <section aria-label={t("job.try")}>
            <div class="bar">
                <h2>{t("job.try")}</h2>
                <button type="button" class="plain" disabled={busy} onClick={() => void go()}>
                    {t("job.tryNow")}
                </button>
            </div>
            <p class="faint">{t("job.tryWhy")}</p>
            <div role="status">
                {busy && <p class="notice">{t("job.trying")}</p>}
                {wrong && <p class="notice bad">{wrong}</p>}
                {props.tried && <Tried of={props.tried} />}
            </div>
        </section>
    );
}

function Tried({ of }: { of: Trial }): JSX.Element {
    const good = of.outcome === "exited" && of.exitCode === 0;
    const words =
        of.outcome === "exited"
            ? t("tried.exited", { code: String(of.exitCode) })
            : `${t(`tried.${of.outcome}`)} ${plain(of.detail, 200)}`;
    return (
        <>
            <p class={good ? "notice good" : "notice bad"}>{words}</p>
            {of.varies && <p class="faint">{t("tried.varies")}</p>}
            <Output name="stdout" of={of.stdout} />
            <Output name="stderr" of={of.stderr} />
            <ul class="files">
                {Object.entries(of.files).map(([path, data]) => (
                    <li key={path}>
                        <Save path={path} data={data} />
                    </li>
                ))}
            </ul>
        </>
    );
}
