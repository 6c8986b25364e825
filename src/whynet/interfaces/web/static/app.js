// @ts-check
/** The page: which view is shown, and what all of them share. */
import { get, takeToken } from "./api.js";
import * as address from "./address.js";
import { theme } from "./theme.js";
import { follow, listen } from "./jobs.js";
import { fill } from "./dom.js";
import { draw } from "./draw.js";
import { train } from "./train.js";
import { ward } from "./ward.js";
import { quiz } from "./quiz.js";
import { doctor } from "./doctor.js";
import { mistakes } from "./mistakes.js";
import { exporting } from "./export.js";

/** @typedef {{about: any, state: Record<string, string>, refresh: () => Promise<any>, go: (view: string, state?: Record<string, any>) => void, ending: Array<() => void>}} Context */

/** @type {Record<string, [string, (main: HTMLElement, context: Context) => void]>} */
const VIEWS = { draw: ["Draw", draw], train: ["Train", train], ward: ["Ward", ward], quiz: ["Find the fault", quiz],
  doctor: ["Doctor", doctor], mistakes: ["Mistakes", mistakes], export: ["Export", exporting] };
const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** @type {any} */
let about = {};
/** @type {Array<() => void>} */
let ending = [];

function show() {
  const { view, state } = address.read();
  const [title, make] = VIEWS[view] || VIEWS.draw;
  for (const one of ending) one();
  ending = [];
  document.title = `${title} · whynet`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${VIEWS[view] ? view : "draw"}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  fill(main);
  sessionStorage.setItem("whynet-last", location.hash || "#draw");
  make(main, { about, state, refresh, ending, go: (to, given = {}) => { address.write(to, given); show(); scrollTo(0, 0); } });
}

async function refresh() {
  Object.assign(about, await get("/api/desk"));
  return about;
}

takeToken();
theme(show);
document.querySelector(".skip")?.addEventListener("click", (event) => { event.preventDefault(); main.focus(); }); // what is after # is the view
addEventListener("hashchange", () => { if (location.hash.startsWith("#token=")) takeToken(); show(); });
about = await get("/api/about");
listen();
let due = 0;
follow((job, message) => {
  if (job.kind !== "train" || (message.kind !== "end" && message.kind !== "about")) return;
  clearTimeout(due);
  due = window.setTimeout(refresh, 300);
});
show();
document.body.dataset.ready = "yes";
