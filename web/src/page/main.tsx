/** The page begins here. */
import { render } from "preact";
import { App, loadActing } from "./app";
import { follow } from "./market";
import { watchRoute } from "./route";
import { language, speak } from "./text";
import { watchTheme } from "./theme";
import "./style.css";

speak(language.value);
watchTheme();
watchRoute();
follow();
render(<App />, document.getElementById("page")!);
loadActing();
