/** What the relay was asked: loading, failed, or there. */
import type { ComponentChildren, JSX } from "preact";
import type { Asked } from "../api/use";
import { t } from "../text";

export function Shown<T>(props: {
    of: Asked<T>;
    children: (value: T) => ComponentChildren;
}): JSX.Element {
    const { value, failure } = props.of;
    return (
        <>
            {failure && (
                <p class="notice bad" role="alert">
                    {failure.sentence}
                </p>
            )}
            {value !== null
                ? props.children(value)
                : !failure && <p class="waiting">{t("wait.loading")}</p>}
        </>
    );
}

export function Nothing(props: { children: ComponentChildren }): JSX.Element {
    return <p class="nothing">{props.children}</p>;
}
