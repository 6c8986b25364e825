// @ts-check
/** The ward: causes as switches; a sound network and its ill twin side by side, the symptom lit where it is measured. */
import { post } from "./api.js";
import * as address from "./address.js";
import { Chart } from "./chart.js";
import { el, fill, percent, select } from "./dom.js";
import { masks, recalls } from "./figures.js";
import { all, follow, jobs, last } from "./jobs.js";
import { measured, pageOf } from "./stories.js";

/** The order in which what is measured lies on the way through a network. */
export const PLACES = [["data", "the examples"], ["targets", "the targets"], ["weights", "the weights"], ["units", "the hidden units"], ["passes", "the layers"],
  ["outcome", "the answers"], ["losses", "the cost"], ["course", "the course"], ["gradient", "the gradient"], ["update", "the update"], ["inside", "the code"]];

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function ward(main, context) {
  const { bases, causes } = context.about.wards;
  let base = bases[context.state.base] ? context.state.base : "sigmoid-30";
  let on = new Set((context.state.causes || "").split(",").filter((name) => causes.some((/** @type {any} */ one) => one.name === name)));
  const opened = new Set(["start", "update"]);
  let place = "";
  /** @type {number|null} */
  let current = null;
  const list = el("div"), why = el("div", { class: "stack" }), words = el("p", { role: "status" }), path = el("div", { class: "path", role: "group", "aria-label": "Where something unusual was measured" }), table = el("div");
  const cost = new Chart("Cost of both", { height: 260 });
  const twins = { sound: { masks: el("div", { class: "masks" }), recalls: el("div", { class: "recalls" }), state: el("p", { class: "small" }) }, ill: { masks: el("div", { class: "masks" }), recalls: el("div", { class: "recalls" }), state: el("p", { class: "small" }) } };

  function switches() {
    const possible = causes.filter((/** @type {any} */ one) => one.only.includes(base));
    on = new Set([...on].filter((name) => possible.some((/** @type {any} */ one) => one.name === name)));
    const families = [...new Set(possible.map((/** @type {any} */ one) => one.family))];
    fill(list, ...families.map((family) => el("details", { open: opened.has(family) || possible.some((/** @type {any} */ one) => one.family === family && on.has(one.name)), ontoggle: (/** @type {any} */ event) => (event.target.open ? opened.add(family) : opened.delete(family)) },
      el("summary", {}, `About the ${family}`), el("div", { class: "switches", role: "group", "aria-label": `About the ${family}` }, ...possible.filter((/** @type {any} */ one) => one.family === family).map((/** @type {any} */ one) => {
      const input = el("input", { type: "checkbox", role: "switch", checked: on.has(one.name), onchange: () => { if (input.checked) on.add(one.name); else on.delete(one.name); run(); } });
      return el("label", { class: "switch" }, input, el("span", {}, one.title, el("small", {}, one.does)));
    })))));
  }
  async function run() {
    address.write("ward", { base, causes: [...on].join(",") });
    explain();
    if (current != null && jobs.get(current)?.state === "running") post(`/api/jobs/${current}`, { verb: "stop" });
    place = "";
    current = (await post("/api/ward", { base, causes: [...on] })).job;
  }
  function explain() {
    fill(why, ...[...on].map((name) => { const one = causes.find((/** @type {any} */ c) => c.name === name); return el("details", {}, el("summary", {}, `${name}: ${one.title}`), ...pageOf(one.page)); }));
  }

  function show() {
    const job = current != null ? jobs.get(current) : null;
    if (!job) return;
    const about = all(job, "twin");
    const curve = (/** @type {string} */ twin) => all(job, "look").filter((m) => m.twin === twin).map((m) => /** @type {[number, number|null]} */ ([Math.round(1000 * m.share) / 1000, m.cost]));
    const ill = about.find((m) => m.twin === "ill");
    cost.options.x = "share of the training";
    cost.show([{ label: "sound", color: "--accent", points: curve("sound") }, { label: "ill", color: "--second", points: curve("ill") },
      ...(ill ? [{ label: "the same answer for all", color: "--faint", dash: true, points: /** @type {Array<[number, number]>} */ ([[0, ill.floor]]) }] : [])]);
    const results = Object.fromEntries(all(job, "symptoms").map((m) => [m.twin, m]));
    for (const twin of /** @type {Array<"sound"|"ill">} */ (["sound", "ill"])) {
      const shown = last(job, `masks-${twin}`);
      if (shown) masks(twins[twin].masks, shown); else fill(twins[twin].masks);
      const found = results[twin];
      recalls(twins[twin].recalls, found?.recalls || [], "0123456789".split(""));
      fill(twins[twin].state, found ? el("b", { class: found.state === "healthy" ? "good" : "bad" }, `${found.state.replaceAll("-", " ")}: ${percent(found.quality)} right`) : "training …");
    }
    if (!results.sound || !results.ill) { fill(words, job.state === "waiting" ? "It waits for its turn." : "Both train, from the same seed, in the same order."); fill(path); fill(table); return; }
    const rows = results.ill.rows;
    const sound = new Map(results.sound.rows.map((/** @type {any} */ row) => [row.name, row]));
    const lit = new Set(rows.filter((/** @type {any} */ row) => row.unusual).map((/** @type {any} */ row) => row.place));
    const here = PLACES.filter(([name]) => rows.some((/** @type {any} */ row) => row.place === name));
    if (!place) place = here.find(([name]) => lit.has(name))?.[0] || here[0]?.[0] || "";
    const unusual = rows.filter((/** @type {any} */ row) => row.unusual).length;
    fill(words, unusual ? `${unusual} of ${rows.length} measurements of the ill twin are out of what is usual.` : `Nothing unusual among ${rows.length} measurements of the ill twin.`);
    fill(path, ...here.map(([name, said]) => el("button", { type: "button", class: `place${lit.has(name) ? " lit" : ""}`, "aria-pressed": String(name === place), onclick: () => { place = name; show(); } }, said, lit.has(name) ? " !" : "")));
    fill(table, measured(rows.filter((/** @type {any} */ row) => row.place === place), sound));
  }

  const column = (/** @type {"sound"|"ill"} */ twin, /** @type {string} */ title) => el("section", { class: "card stack", "aria-label": title }, el("h2", {}, title), twins[twin].state, twins[twin].masks, el("h3", {}, "Found of each class"), twins[twin].recalls);
  context.ending.push(follow((job) => { if (job.number === current) show(); }));
  switches();
  fill(main, el("div", { class: "lead" }, el("h1", {}, "The ward"), el("p", { class: "faint" }, "Turn on what makes a network ill, and watch it beside its sound twin: the same seed, the same 1,154 small digits in the same order.")),
    el("div", { class: "grid cols-side" }, el("section", { class: "card stack", "aria-label": "Causes" },
      el("label", { class: "field" }, "The sound network", select(Object.entries(bases).map(([name, one]) => [name, `${name}: ${/** @type {any} */ (one).activation}, ${/** @type {any} */ (one).optimizer}, rate ${/** @type {any} */ (one).learning_rate}`]), base, (value) => { base = value; switches(); run(); })),
      el("div", { class: "row" }, el("button", { type: "button", class: "main", onclick: run }, "Train both"), el("button", { type: "button", onclick: () => { on.clear(); switches(); run(); } }, "All off")), list),
    el("div", { class: "stack" }, el("section", { class: "card stack", "aria-label": "Symptoms" }, words, path, table), el("section", { class: "card", "aria-label": "Costs" }, cost.holder),
      el("div", { class: "grid cols-2" }, column("sound", "Sound"), column("ill", "Ill")), el("section", { class: "card stack", "aria-label": "What was turned on" }, el("h2", {}, "What was turned on"), why))));
  run();
}
