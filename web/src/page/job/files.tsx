/** Files that a visitor chooses, and files to keep. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Bytes } from "../../protocol/bytes";
import { plain } from "../format/text";
import { bytes } from "../format/size";
import { t } from "../text";
import type { Chosen } from "./choice";

export function FileField(props: {
    name: string;
    many?: boolean;
    accept?: string;
    set(chosen: Chosen[]): void;
}): JSX.Element {
    const [wrong, setWrong] = useState("");
    const choose = async (list: FileList | null): Promise<void> => {
        try {
            const files = Array.from(list ?? []);
            const read = files.map(async (file) => ({
                name: file.name.normalize(),
                data: new Uint8Array(await file.arrayBuffer()),
            }));
            props.set(await Promise.all(read));
            setWrong("");
        } catch {
            setWrong(t("job.unread"));
        }
    };
    return (
        <label>
            {props.name}
            <input
                type="file"
                multiple={props.many ?? false}
                accept={props.accept}
                onChange={(event) => void choose(event.currentTarget.files)}
            />
            {wrong && <span role="alert">{wrong}</span>}
        </label>
    );
}

/** A file to be saved, from this page's memory alone. */
export function Save(props: { path: string; data: Bytes }): JSX.Element {
    const [url, setUrl] = useState("");
    useEffect(() => {
        // Never a type that a browser would show as a page of this relay.
        const made = URL.createObjectURL(
            new Blob([props.data], { type: "application/octet-stream" }),
        );
        setUrl(made);
        return () => URL.revokeObjectURL(made);
    }, [props.data]);
    return (
        <a href={url} download={props.path.split("/").at(-1)}>
            <bdi>{plain(props.path, 60)}</bdi> ({bytes(props.data.length)})
        </a>
    );
}

/** The beginning of what a program wrote. */
export function Output(props: { of: Bytes; name: string }): JSX.Element | null {
    if (!props.of.length) return null;
    const most = 2_000;
    const text = new TextDecoder().decode(props.of.subarray(0, most));
    const lines = text.split("\n").slice(0, 40);
    return (
        <figure class="output">
            <figcaption>{props.name}</figcaption>
            <pre tabIndex={0}>
                {lines.map((line) => `${plain(line, 300)}\n`).join("")}
                {props.of.length > most ? "…" : ""}
            </pre>
        </figure>
    );
}
