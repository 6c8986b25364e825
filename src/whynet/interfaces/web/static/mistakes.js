// @ts-check
/** Mistakes: the errors on the test set as a gallery, filtered by the confusion matrix. */
import { get } from "./api.js";
import * as address from "./address.js";
import { el, field, fill, percent, select } from "./dom.js";
import { pictures } from "./paint.js";

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function mistakes(main, context) {
  let { order = "sure", true: label = "", answered = "" } = context.state, start = 0;
  const words = el("p", { role: "status" }), matrix = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Confusion matrix" }), gallery = el("div", { class: "gallery" }), more = el("div", { class: "row gap" });

  async function load() {
    address.write("mistakes", { order: order === "sure" ? "" : order, true: label, answered });
    const told = await get(`/api/mistakes?${new URLSearchParams({ order, true: label, answered, start: String(start) })}`).catch((error) => { fill(words, error.message); return null; });
    if (!told) return;
    const cell = label !== "" ? `${told.names[Number(label)]} answered as ${answered !== "" ? told.names[Number(answered)] : "something else"}` : answered !== "" ? `answered ${told.names[Number(answered)]}, and wrong` : "all mistakes";
    fill(words, `${told.wrong.toLocaleString()} of ${told.total.toLocaleString()} test pictures are answered wrong (${percent(1 - told.wrong / told.total)} right). Shown: ${cell}, ${told.found.toLocaleString()}.`);
    table(told);
    const shown = pictures(told.pictures, "ink", (index) => `a ${told.names[told.true[index]]}`);
    const cards = shown.map((one, index) => el("button", { type: "button", onclick: () => context.go("draw", { test: told.rows[index] }), "aria-label": `a ${told.names[told.true[index]]} answered as ${told.names[told.answered[index]]}, ${percent(told.sure[index])} sure: what did it see?` },
      one, el("b", {}, `${told.names[told.true[index]]} → ${told.names[told.answered[index]]}`), el("br"), percent(told.sure[index])));
    if (start) gallery.append(...cards); else fill(gallery, ...cards);
    fill(more, start + shown.length < told.found ? el("button", { type: "button", onclick: () => { start += shown.length; load(); } }, "More") : null);
  }
  /** @param {any} told */
  function table(told) {
    const largest = Math.max(1, ...told.confusion.flatMap((/** @type {number[]} */ row, /** @type {number} */ i) => row.filter((_, j) => j !== i)));
    const pick = (/** @type {string} */ row, /** @type {string} */ column) => { const same = label === row && answered === column; label = same ? "" : row; answered = same ? "" : column; start = 0; load(); };
    fill(matrix, el("table", { class: "confusion" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "is \\ answered"), ...told.names.map((/** @type {string} */ name, /** @type {number} */ j) => el("th", { scope: "col" }, el("button", { type: "button", class: "plain", "aria-label": `answered ${name}`, "aria-pressed": String(label === "" && answered === String(j)), onclick: () => pick("", String(j)) }, name))))),
      el("tbody", {}, ...told.confusion.map((/** @type {number[]} */ row, /** @type {number} */ i) => el("tr", {}, el("th", { scope: "row" }, el("button", { type: "button", class: "plain", "aria-label": `is ${told.names[i]}`, "aria-pressed": String(label === String(i) && answered === ""), onclick: () => pick(String(i), "") }, told.names[i])),
        ...row.map((count, j) => el("td", {}, el("button", { type: "button", class: i === j ? "right" : count ? `w${Math.min(3, 1 + Math.floor((3 * count) / (largest + 1)))}` : "plain", "aria-pressed": String(label === String(i) && answered === String(j)), "aria-label": `${told.names[i]} answered as ${told.names[j]}: ${count}`, disabled: !count, onclick: () => pick(String(i), String(j)) }, count || "·"))))))));
  }
  fill(main, el("div", { class: "lead" }, el("h1", {}, "Mistakes"), words), el("div", { class: "grid cols-2" }, el("section", { class: "card sticky-top", "aria-label": "Confusion matrix" }, el("h2", {}, "What is answered as what"), matrix, el("p", { class: "small faint" }, "Press a number, a row or a column to see those pictures; once more to see all.")),
    el("section", { class: "card", "aria-label": "Pictures" }, el("div", { class: "row spread" }, el("div", {}, el("h2", {}, "Pictures"), el("p", { class: "small faint" }, "What it is → what it was answered as, and how sure the network was.")), field("Order", select([["sure", "surest first"], ["unsure", "least sure first"]], order, (value) => { order = value; start = 0; load(); }))), gallery, more)));
  load();
}
