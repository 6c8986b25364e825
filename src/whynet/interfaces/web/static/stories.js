// @ts-check
/** A cause's page in parts, and rows of measurements. */
import { el } from "./dom.js";

/** @param {string} page @returns {Record<string, string>} title, and the paragraphs by their headings */
export function parts(page) {
  const found = /** @type {Record<string, string>} */ ({ title: page.split("\n")[0] });
  for (const one of page.matchAll(/\*\*([^*]+?)\.\*\*\s+([\s\S]*?)(?=\n\n\*\*|$)/g)) found[one[1]] = one[2].replace(/\s+/g, " ").replaceAll("`", "").trim();
  return found;
}

/** @param {string} page */
export function pageOf(page) {
  const told = parts(page);
  return Object.entries(told).filter(([name]) => name !== "title").map(([name, words]) => el("p", { class: "small" }, el("b", {}, `${name}. `), words));
}

/** @param {Array<any>} rows @param {Map<string, any>|null} sound values of a sound twin by name */
export function measured(rows, sound = null) {
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Measurements" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "measured"), sound ? el("th", { scope: "col" }, "sound") : null, el("th", { scope: "col" }, sound ? "ill" : "value"), el("th", { scope: "col" }, "usual"))),
    el("tbody", {}, ...rows.map((row) => el("tr", { class: row.unusual ? "lit" : "" }, el("td", {}, row.words), sound ? el("td", {}, sound.get(row.name)?.value ?? "–") : null, el("td", { class: "is" }, row.unusual ? `${row.value} !` : row.value), el("td", {}, row.normal || "–"))))));
}
