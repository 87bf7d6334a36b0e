/** Opens the desk. */
import { render } from "preact";
import { App } from "./screen/app";
import { adoptTokenFromAddress } from "./session";
import "../style/tokens.css";
import "../style/base.css";
import "./style/header.css";
import "./style/notices.css";
import "./style/desk.css";
import "./style/alerts.css";
import "./style/detail.css";
import "./style/day.css";
import "./style/openings.css";
import "./style/visits.css";

adoptTokenFromAddress();
const root = document.getElementById("desk");
if (root) render(<App />, root);
