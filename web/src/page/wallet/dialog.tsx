/** What is about to be signed or sent, readable first; then how it went. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text";
import { Hex } from "../ui/basic";
import { agree, dataOf, dismiss, doing, type Doing } from "./act";

export function ActDialog(): JSX.Element | null {
    const current = doing.value;
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        if (current && !dialog.current?.open) dialog.current?.showModal();
    }, [current !== null]);
    if (!current) return null;
    return (
        <dialog ref={dialog} class="act" aria-labelledby="act-title" onClose={dismiss}>
            <h2 id="act-title">{current.title}</h2>
            {current.number > 1 && <p class="faint">{t("act.step", { number: current.number })}</p>}
            {current.told.sentences.map((sentence) => (
                <p key={sentence} class="say">
                    {sentence}
                </p>
            ))}
            {current.told.lines.length > 0 && <Bytes of={current} />}
            <Progress of={current} />
        </dialog>
    );
}

/** The same as data: for who does not believe the words. */
function Bytes(props: { of: Doing }): JSX.Element {
    const { step, told } = props.of;
    return (
        <details class="raw">
            <summary>{t(step.kind === "sign" ? "act.typed" : "act.call")}</summary>
            <pre tabIndex={0}>
                {told.lines.join("\n")}
                {step.kind === "send" && step.name ? `\n${dataOf(step)}` : ""}
            </pre>
        </details>
    );
}

function Progress(props: { of: Doing }): JSX.Element {
    const { stage, sentence, hash, step } = props.of;
    const mood = stage === "done" ? "notice good" : stage === "failed" ? "notice bad" : "notice";
    const words =
        stage === "checking"
            ? t("act.checking")
            : stage === "wallet"
              ? t("act.wallet")
              : stage === "chain"
                ? t("act.chain")
                : sentence;
    return (
        <>
            <div role="status">{words && <p class={mood}>{words}</p>}</div>
            {hash && (
                <p>
                    {t("word.transaction")} <Hex of={hash} digits={8} />
                </p>
            )}
            <div class="bar buttons">
                {stage === "review" && (
                    <button type="button" class="primary" onClick={() => void agree()} autofocus>
                        {t(step.kind === "sign" ? "act.sign" : "act.send")}
                    </button>
                )}
                <button type="button" class="plain" onClick={dismiss}>
                    {t(stage === "review" ? "act.cancel" : "act.close")}
                </button>
            </div>
        </>
    );
}
