/** Fields and buttons of forms; what was typed is checked where it is used. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

export function Field(props: {
    name: string;
    value: string;
    set(value: string): void;
    size?: number;
    hint?: string | undefined;
    mode?: "decimal" | "numeric" | "text";
    list?: string;
}): JSX.Element {
    return (
        <label>
            {props.name}
            <input
                type="text"
                inputMode={props.mode ?? "decimal"}
                autocomplete="off"
                spellcheck={false}
                size={props.size ?? 12}
                value={props.value}
                placeholder={props.hint}
                list={props.list}
                onInput={(event) => props.set(event.currentTarget.value.trim())}
            />
        </label>
    );
}

/** A form whose submission may be wrong: then `go` says why. */
export function Form(props: {
    button: string;
    go(): string | void;
    children?: ComponentChildren;
    disabled?: boolean;
    label?: string;
}): JSX.Element {
    const [wrong, setWrong] = useState("");
    const submit = (event: Event): void => {
        event.preventDefault();
        setWrong(props.go() ?? "");
    };
    return (
        <form class="form" onSubmit={submit} aria-label={props.label} noValidate>
            {props.children}
            <button type="submit" class="plain" disabled={props.disabled}>
                {props.button}
            </button>
            {wrong && (
                <p class="notice bad" role="alert">
                    {wrong}
                </p>
            )}
        </form>
    );
}

export function useField(first = ""): { value: string; set(value: string): void } {
    const [value, set] = useState(first);
    return { value, set };
}
