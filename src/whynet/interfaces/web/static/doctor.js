// @ts-check
/** The doctor: a preset, a run, a pasted log or question, a dropped log or script. */
import { post, upload } from "./api.js";
import * as address from "./address.js";
import { Chart, COLORS } from "./chart.js";
import { diagnosis } from "./diagnosis.js";
import { el, field, fill, percent, select, short } from "./dom.js";
import { follow, jobs } from "./jobs.js";
import { notice } from "./notice.js";

const TEXTS = /\.(csv|tsv|jsonl|json|log|txt|out)$/i, SCRIPTS = /\.(py|ipynb)$/i;

/** What the author of a question reported. @param {Record<string, any>} published */
function saw(published) {
  const { cost, test_correct: correct, test_accuracy: tested, train_accuracy: trained, text } = published;
  const list = (/** @type {any[]} */ values, /** @type {number} */ count) => { const seen = values.filter((one) => one != null); return seen.slice(0, count).map((one) => (one < 100 ? +one.toFixed(2) : one.toLocaleString())).join(", ") + (seen.length > count ? " …" : ""); };
  return [text, cost && !text?.includes("cost") && `a cost of ${list(cost, 7)}`, correct && `${list(correct, 4)} of 10,000 right`, tested != null && `${percent(tested)} of the test set right`, trained != null && `${percent(trained)} of the training set right`].filter(Boolean).join("; ") + ".";
}

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function doctor(main, context) {
  const presets = context.about.presets;
  /** Seven errors that somebody asked about. */
  const seven = presets.find((/** @type {any} */ one) => one.name === "neuron-by-neuron").published.cost.join("\n");
  let preset = context.state.preset || (context.state.recipe ? "" : "vectorised");
  /** @type {number|null} */
  let current = context.state.job ? Number(context.state.job) : null;
  const report = el("section", { class: "card stack", "aria-label": "Diagnosis" }, el("p", { class: "faint" }, "Choose a patient. The network is trained as it is, measured, and trained again with one thing changed at a time."));
  const means = el("p", { class: "small" }), known = el("details", { class: "small" }), box = el("div", { class: "stack" });
  const text = el("textarea", { "aria-label": "A log, a table, or a question with figures in it", rows: "8", placeholder: seven });
  text.value = context.state.text || "";

  /** @param {Record<string, any>} patient @param {string} title */
  async function begin(patient, title) {
    const made = await post("/api/diagnose", { ...patient, name: title });
    current = made.job;
    address.write("doctor", { ...(preset ? { preset } : {}), job: current });
  }
  const chosen = () => (preset ? presets.find((/** @type {any} */ one) => one.name === preset).recipe : JSON.parse(context.state.recipe));
  const title = () => preset || context.state.name || "my network";
  const runs = () => [...jobs.values()].filter((one) => one.kind === "train");
  function patients() {
    const one = presets.find((/** @type {any} */ p) => p.name === preset);
    fill(means, one?.asked ? `A question that was asked. Its author saw: ${saw(one.published)}` : "");
    known.hidden = !one?.means;
    fill(known, el("summary", {}, "What is known of it: do not look yet"), el("p", { class: "small faint" }, one?.means || ""));
    /** @type {Array<[string, string]>} */
    const own = context.state.recipe ? [["", `${context.state.name || "my network"} (handed over)`]] : [];
    fill(box, field("A preset", select([...own, ...presets.map((/** @type {any} */ p) => [p.name, p.asked ? `${p.name}: a question asked` : p.name])], preset, (value) => { preset = value; address.write("doctor", { preset }); patients(); })), means, known,
      el("button", { type: "button", class: "main", onclick: () => begin({ recipe: chosen() }, title()) }, "Diagnose"),
      runs().length ? field("Or a run of this page", select([["", "choose one"], ...runs().map((job) => /** @type {[string, string]} */ ([String(job.number), `${job.title} (${job.number})`]))], "", (value) => { const job = jobs.get(Number(value)); if (job) begin({ recipe: job.order.recipe }, job.title); })) : null);
  }
  async function read() {
    const said = text.value.trim() || seven;
    text.value = said;
    if (new Blob([said]).size > 60000) { notice("That is too long: 60,000 characters at most."); return; }
    address.write("doctor", { text: said.length < 1500 ? said : "" });
    current = null;
    fill(report, el("p", { class: "faint", role: "status" }, "It is read …"));
    const told = await post("/api/log", { text: said });
    const charts = ["cost", "accuracy"].map((what) => [what, told.curves.filter((/** @type {any} */ one) => one.what === what && one.values.length > 1)]).filter(([, curves]) => curves.length)
      .map(([what, curves]) => { const chart = new Chart(String(what), { percent: what === "accuracy", x: "printed", whole: true }); return { chart, curves: curves.map((/** @type {any} */ one, /** @type {number} */ index) => ({ label: one.name, color: COLORS[index % COLORS.length], points: one.values.map((/** @type {number} */ value, /** @type {number} */ at) => [at + 1, value]) })) }; });
    fill(report, el("h2", {}, `What the figures show: ${told.state.replaceAll("-", " ")}`), el("p", { class: "story" }, told.text.split("\n")[0].replace(/^[a-z-]+: /, "")), ...told.readings.slice(0, 4).map((/** @type {any} */ one) => el("p", { class: "story" }, el("b", {}, `${short(one.exact)}: `), one.meaning, el("span", { class: "faint small" }, ` (${one.cost === "count" ? "" : `${one.cost}, `}${one.averaging})`))),
      told.verdict.length ? el("h3", {}, "Causes that are commonly behind such figures, the likeliest first") : el("p", { class: "faint" }, "The figures leave no cause to suspect."),
      el("ol", {}, ...told.verdict.slice(0, 6).map((/** @type {any} */ one) => el("li", {}, el("b", {}, one.title || one.cause), el("span", { class: "faint small" }, ` ${one.cause}${one.share ? `, ${Math.round(100 * one.share)} % of such cases` : ""}`)))), told.separate ? el("p", {}, el("b", {}, "To tell them apart: "), told.separate) : null,
      ...charts.map((one) => one.chart.holder), el("details", { open: !told.verdict.length }, el("summary", {}, "The whole report as text"), el("pre", { tabindex: "0" }, told.text)));
    for (const one of charts) one.chart.show(one.curves);
  }
  /** @param {File} file */
  async function take(file) {
    if (SCRIPTS.test(file.name)) return script(file);
    if (!TEXTS.test(file.name)) { notice("Dropped here are logs (.csv, .jsonl, .txt, .log) and scripts (.py, .ipynb)."); return; }
    text.value = (await file.slice(0, 60000).text());
    read();
  }
  /** @param {File} file */
  async function script(file) {
    const shown = await file.text();
    current = null;
    fill(report, el("h2", {}, file.name), el("p", {}, "This program has not been run. If you press the button it is run as it is, on this machine, with your rights, in a copy of its folder and a process of its own. Run only what you trust."),
      el("div", { class: "row" }, context.about.remote ? el("p", { class: "bad" }, "Scripts are not run where other machines were let in.") : el("button", { type: "button", class: "main", onclick: async () => { const made = await upload(file); begin({ script: made.key }, file.name); } }, "Run it and diagnose")), el("pre", { tabindex: "0" }, shown.slice(0, 30000)));
  }
  const file = el("input", { type: "file", hidden: true, "aria-label": "a log or a script", accept: ".csv,.tsv,.jsonl,.json,.log,.txt,.out,.py,.ipynb", onchange: () => file.files[0] && take(file.files[0]) });
  const drop = el("div", { class: "drop", ondragover: (/** @type {DragEvent} */ event) => { event.preventDefault(); drop.classList.add("over"); }, ondragleave: () => drop.classList.remove("over"),
    ondrop: (/** @type {DragEvent} */ event) => { event.preventDefault(); drop.classList.remove("over"); const one = event.dataTransfer?.files[0]; if (one) take(one); } },
    "Drop a log (.csv, .jsonl, .txt) or a script (.py, .ipynb) here, or ", el("button", { type: "button", class: "link", onclick: () => file.click() }, "choose one"), file);
  const show = () => { const job = current != null ? jobs.get(current) : null; if (job) diagnosis(report, job, context, `Diagnosis of ${job.title}`); };
  let due = false;
  context.ending.push(follow((job, message) => {
    if (job.kind === "train" && message.kind === "about") patients();
    if (job.number !== current || due) return;
    due = true;
    setTimeout(() => { due = false; show(); }, 150);
  }));
  patients();
  fill(main, el("div", { class: "lead" }, el("h1", {}, "Why does it not learn?"), el("p", { class: "faint" }, "Everything that is said is shown by training again with that one thing changed.")),
    el("div", { class: "grid cols-side" }, el("div", { class: "stack" }, el("section", { class: "card stack", "aria-label": "Patient" }, el("h2", {}, "A patient"), box), el("section", { class: "card stack", "aria-label": "Log" }, el("h2", {}, "Or what it printed"), text, el("button", { type: "button", onclick: read }, "Read it"), drop)), report));
  show();
  if (context.state.text) read();
  else if (context.state.recipe && current == null) begin({ recipe: chosen() }, title());
}
