// @ts-check
/** Train: an experiment as a form, and its course as it goes; several runs in the same charts. */
import { post, upload } from "./api.js";
import * as address from "./address.js";
import { Blocks } from "./blocks.js";
import { Chart, COLORS } from "./chart.js";
import { el, field, fill, percent, select, short } from "./dom.js";
import { figures, masks, recalls } from "./figures.js";
import { all, control, follow, jobs, last, over } from "./jobs.js";
import { notice } from "./notice.js";
import { sentence } from "./api.js";

const DATA = ["mnist", "fashion-mnist", "digits", "iris", "wine", "breast-cancer", "diabetes", "xor"];
/** @type {Record<string, string[]>} */
const CHOICES = { cost: ["softmax-cross-entropy", "sigmoid-cross-entropy", "quadratic", "absolute", "huber", "auto"],
  activation: ["sigmoid", "tanh", "relu", "leaky-relu", "elu", "gelu", "scaled-tanh", "softmax", "identity"], optimizer: ["sgd", "nesterov", "adam", "adamw", "rmsprop"],
  scaling: ["0..1", "-1..1", "standard", "raw"] };
const NUMBERS = { learning_rate: "learning rate", batch_size: "batch", epochs: "epochs", l2: "L2 penalty", dropout: "dropout", momentum: "momentum", seed: "seed" };
const SHOWN = new Set([...Object.keys(CHOICES), ...Object.keys(NUMBERS), "data", "hidden", "sizes", "layers", "init", "target"]);
const MOST = 5;
/** @type {Set<number>} */
const hidden = new Set();

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function train(main, context) {
  const plain = context.about.presets.find((/** @type {any} */ one) => one.name === "plain").recipe;
  const named = context.about.presets.find((/** @type {any} */ one) => one.name === (context.state.preset || "default")) || context.about.presets[0];
  let preset = named.name;
  let recipe = { ...named.recipe };
  if (context.state.recipe) {
    try { recipe = { ...plain, ...JSON.parse(context.state.recipe) }; preset = ""; } catch { notice("The experiment in the address cannot be read."); }
  }
  const form = el("form", { class: "stack", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); start(); } });
  const means = el("p", { class: "small faint" });

  /** Only what differs from `plain`: that is what stands in the address. */
  function told() {
    const { sizes, hidden: widths, layers, ...others } = recipe;
    const given = { ...others, ...blocks.fields() };
    return Object.fromEntries(Object.entries(given).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(plain[name])));
  }
  function changed() { preset = ""; address.write("train", { recipe: JSON.stringify(told()) }); }
  let blocks = new Blocks(Blocks.of(recipe), () => changed());
  /** @param {string} name @param {any} value */
  function set(name, value) { recipe[name] = value; changed(); }

  function build() {
    const presets = context.about.presets.map((/** @type {any} */ one) => [one.name, one.asked ? `${one.name}: a question asked` : one.name]);
    const own = context.about.uploads.filter((/** @type {any} */ one) => one.kind !== "script").map((/** @type {any} */ one) => [one.key, one.name]);
    const file = el("input", { type: "file", accept: ".csv,.tsv,.zip", hidden: true, "aria-label": "data of your own", onchange: () => file.files[0] && take(file.files[0]) });
    const extra = Object.entries(told()).filter(([name, value]) => !SHOWN.has(name) && !(Array.isArray(value) && !value.length));
    fill(form,
      field("Experiment", select([["", "one of my own"], ...presets], preset, (value) => { if (value) open(value); })), means,
      field("Data", select([["auto", "mnist, or else the small digits"], ...DATA, ...own], recipe.data, (value) => { set("data", value); build(); })),
      el("div", { class: "row" }, el("button", { type: "button", onclick: () => file.click() }, "Data of mine: .csv, .zip of folders"), file),
      own.some((/** @type {string[]} */ one) => one[0] === recipe.data) || recipe.target ? field("Column to predict (of a table)", el("input", { value: recipe.target || "", onchange: (/** @type {any} */ event) => set("target", event.target.value || undefined) })) : null,
      el("h3", {}, "Hidden layers"), blocks.holder,
      el("div", { class: "fields" }, ...Object.entries(CHOICES).map(([name, choices]) => field(name, select(choices, recipe[name], (value) => set(name, value)))),
        field("initial weights", el("input", { value: recipe.init, onchange: (/** @type {any} */ event) => set("init", event.target.value) })),
        ...Object.entries(NUMBERS).map(([name, words]) => field(words, el("input", { value: recipe[name] ?? "", inputmode: "decimal", placeholder: name === "learning_rate" ? "usual" : "", onchange: (/** @type {any} */ event) => {
          const text = event.target.value.trim();
          set(name, text === "" ? plain[name] : text === "full" ? "full" : Number(text));
        } })))),
      extra.length ? el("details", {}, el("summary", {}, `${extra.length} more ${extra.length === 1 ? "setting" : "settings"}`), el("div", { class: "chips gap" }, ...extra.map(([name, value]) => el("button", { type: "button", class: "chip", title: "press to leave it out", onclick: () => { recipe[name] = plain[name]; changed(); build(); } }, `${name} = ${JSON.stringify(value)} ×`)))) : null,
      el("button", { class: "main", type: "submit" }, "Start"));
    const shown = context.about.presets.find((/** @type {any} */ one) => one.name === preset);
    fill(means, shown?.means || "");
  }
  /** @param {string} name */
  function open(name) {
    preset = name;
    recipe = { ...context.about.presets.find((/** @type {any} */ one) => one.name === name).recipe };
    blocks = new Blocks(Blocks.of(recipe), () => changed());
    address.write("train", { preset });
    build();
  }
  /** @param {File} file */
  async function take(file) {
    const made = await upload(file);
    context.about = await context.refresh();
    set("data", made.key);
    if (made.kind === "table") Object.assign(recipe, { cost: "auto", scaling: "standard", target_scaling: "standard" });
    changed();
    build();
  }
  async function start() {
    const made = await post("/api/train", { recipe: told(), name: preset || "my network" });
    current = made.job;
  }

  // ---- the course
  /** @type {number|null} */
  let current = null;
  const board = el("div", { class: "figures" }), buttons = el("div", { class: "row" }), words = el("p", { role: "status" });
  const cost = new Chart("Cost"), quality = new Chart("Right on the test set", { percent: true, x: "epoch", whole: true, empty: "How much of the test set is right is drawn here from the first epoch on." }), ratios = new Chart("Length of a step to that of the weights", { log: true });
  const empty = el("section", { class: "card" }, el("p", { class: "faint" }, "Choose an experiment, or make one of your own, and press Start: its cost, what it gets right and what its first layer looks for are drawn here as it learns."));
  const course = el("div", { class: "stack", hidden: true });
  const bars = el("div", { class: "recalls" }), grid = el("div", { class: "masks" }), gridWords = el("p", { class: "small faint" }), list = el("div", { class: "runs" });
  const trains = () => [...jobs.values()].filter((one) => one.kind === "train");

  function show() {
    const runs = trains();
    const shown = runs.filter((one) => !hidden.has(one.number)).slice(-MOST);
    const active = runs.find((one) => one.number === current) || runs.findLast((one) => one.state === "running" || one.state === "paused") || runs.at(-1);
    const colour = (/** @type {import("./jobs.js").Job} */ job) => runs.indexOf(job) % COLORS.length;
    const label = (/** @type {import("./jobs.js").Job} */ job) => `${job.title} (${job.number})`;
    const floors = new Set(shown.map((one) => last(one, "about")?.floor).filter((floor) => floor != null));
    cost.show([...shown.map((one) => ({ label: label(one), color: COLORS[colour(one)], points: all(one, "look").map((m) => /** @type {[number, number]} */ ([m.step, m.cost])) })),
      ...[...floors].map((floor) => ({ label: `constant answer ${short(floor)}`, color: "--faint", dash: true, points: /** @type {Array<[number, number]>} */ ([[0, floor]]) }))]);
    quality.show(shown.map((one) => ({ label: label(one), color: COLORS[colour(one)], points: all(one, "epoch").map((m) => /** @type {[number, number]} */ ([m.epoch + 1, m.test_accuracy ?? m.test_quality ?? m.validation_quality])) })));
    fill(list, ...runs.slice().reverse().map((one) => el("div", { class: "run" }, el("span", { class: `dot c${colour(one)}` }),
      el("button", { type: "button", class: "link", onclick: () => { current = one.number; show(); } }, label(one)), el("span", { class: "row" }, el("span", { class: "tag" }, one.state),
        el("button", { type: "button", class: "chip", "aria-pressed": String(!hidden.has(one.number)), onclick: () => { if (!hidden.delete(one.number)) hidden.add(one.number); show(); } }, hidden.has(one.number) ? "show" : "shown")))));
    course.hidden = !active;
    empty.hidden = !!active;
    if (active) tell(active);
  }

  /** @param {import("./jobs.js").Job} job */
  function tell(job) {
    const about = last(job, "about"), look = last(job, "look"), progress = last(job, "progress"), end = last(job, "end"), result = last(job, "result"), epoch = last(job, "epoch");
    const run = job.state === "running", paused = job.state === "paused";
    fill(buttons, paused ? el("button", { type: "button", onclick: () => control(job.number, "go") }, "Go on") : el("button", { type: "button", disabled: !run, onclick: () => control(job.number, "pause") }, "Pause"),
      el("button", { type: "button", disabled: !paused, onclick: () => control(job.number, "step") }, "One step"), el("button", { type: "button", disabled: over(job), onclick: () => control(job.number, "stop") }, "Stop"),
      result?.health && result.health !== "healthy" ? el("button", { type: "button", class: "main", onclick: () => context.go("doctor", { recipe: JSON.stringify(job.order.recipe), name: job.title }) }, "Why?") : null);
    fill(words, end?.error ? el("span", { class: "bad" }, sentence(end.error)) : result?.words || (job.state === "waiting" ? "It waits for its turn." : about ? `${about.network}; ${about.examples.toLocaleString()} ${about.word} of ${about.data}; ${about.engine} engine.` : "It begins."));
    if (!about) return;
    const test = epoch?.test_accuracy ?? epoch?.test_quality;
    figures(board, [[short(look?.cost), `cost; the same answer for all costs ${short(about.floor)}`], [test != null ? (about.problem === "regression" ? short(test) : percent(test)) : about.problem === "regression" ? short(progress?.quality) : percent(progress?.quality), about.classes.length ? "of the test set right" : `${about.quality} on the test set`],
      [(look?.step ?? 0).toLocaleString(), `steps of ${(about.batches * about.epochs).toLocaleString()}`], [`${(epoch?.epoch ?? -1) + 1} / ${about.epochs}`, "epochs"]]);
    recalls(bars, progress?.recalls || [], about.classes);
    const looks = all(job, "look").filter((/** @type {any} */ m) => m.ratios.length);
    ratios.show([...about.layers.map((/** @type {string} */ name, /** @type {number} */ index) => ({ label: `${index + 1}: ${name}`, color: COLORS[index % COLORS.length], points: looks.map((/** @type {any} */ m) => [m.step, m.ratios[index] || null]) })),
      { label: "usual, about 0.001", color: "--faint", dash: true, points: /** @type {Array<[number, number]>} */ ([[0, 0.001]]) }]);
    const shown = last(job, "masks");
    if (shown && shown.n !== grid.dataset.n) {
      grid.dataset.n = shown.n;
      masks(grid, shown);
      fill(gridWords, shown.what === "filters" ? `The parts of pictures that excite each filter of ${shown.layer} most.` : `Weights of ${shown.units.length} of the ${shown.total} units of the first layer: red excites, blue inhibits.`);
    }
  }

  context.ending.push(follow(() => {}, show));
  build();
  fill(course,
    el("section", { class: "card stack", "aria-label": "Course" }, el("div", { class: "row spread" }, words, buttons), board, el("div", { class: "charts" }, cost.holder, quality.holder)),
    el("div", { class: "grid cols-2" }, el("section", { class: "card", "aria-label": "Recall of each class" }, el("h2", {}, "Found of each class"), bars), el("section", { class: "card", "aria-label": "First layer" }, el("h2", {}, "What the first layer looks for"), grid, gridWords)),
    el("div", { class: "grid cols-2" }, el("section", { class: "card", "aria-label": "Steps" }, ratios.holder), el("section", { class: "card", "aria-label": "Runs" }, el("h2", {}, "Runs"), list)));
  fill(main, el("div", { class: "lead" }, el("h1", {}, "Train a network"), el("p", { class: "faint small" }, "The address of this page holds the experiment: reload it, or share it. Runs with the same seed see the same examples in the same order.")),
    el("div", { class: "grid cols-side" }, el("section", { class: "card", "aria-label": "Experiment" }, form),
      el("div", { class: "stack" }, empty, course)));
  show();
}
