/** Opens the phone. */
import { render } from "preact";
import { PhoneApp } from "./phone_app";
import { App } from "./screen/app";
import { openKeep } from "./sealed_keep";
import { tagFromAddress } from "./tag_address";
import "../style/tokens.css";
import "../style/base.css";
import "./style/phone.css";

const tag = tagFromAddress();
const root = document.getElementById("phone");
const app = new PhoneApp(await openKeep());
addEventListener("popstate", () => app.back());
if (root) render(<App app={app} />, root);
void app.open(tag);
// Without it the app works as long as there is a network.
navigator.serviceWorker?.register("/phone/worker.js", { scope: "/phone" }).catch(() => undefined);
