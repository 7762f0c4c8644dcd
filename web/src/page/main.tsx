/** The page begins here. */
import { render } from "preact";
import { App } from "./app";
import { follow } from "./market";
import { watchRoute } from "./route";
import { language, speak } from "./text";
import { watchTheme } from "./theme";
import { findWallets } from "./wallet/provider";
import { followWallet } from "./wallet/session";
import "./style.css";

speak(language.value);
watchTheme();
watchRoute();
follow();
findWallets();
followWallet();
render(<App />, document.getElementById("page")!);
