/** Sentences with links and amounts in them. */
import type { ComponentChildren, JSX } from "preact";
import { type Key, language, LANGUAGES } from "./index";

export function Rich(props: { of: Key; named: Record<string, ComponentChildren> }): JSX.Element {
    const parts = LANGUAGES[language.value].words[props.of].split(/\{(\w+)\}/);
    return <>{parts.map((part, index) => (index % 2 ? (props.named[part] ?? "–") : part))}</>;
}
