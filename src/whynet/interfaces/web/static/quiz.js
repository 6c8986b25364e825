// @ts-check
/** Find the fault: measurements cost coins; the same seed is the same riddle for everybody. */
import { post } from "./api.js";
import * as address from "./address.js";
import { Chart } from "./chart.js";
import { el, field, fill, percent } from "./dom.js";
import { diagnosis } from "./diagnosis.js";
import { follow, last } from "./jobs.js";
import { measured } from "./stories.js";
import { PLACES } from "./ward.js";

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function quiz(main, context) {
  let seed = Number(context.state.seed || 1 + Math.floor(Math.random() * 999));
  /** @type {number|null} */
  let riddle = null;
  /** @type {number|null} */
  let doctor = null;
  let coins = 0, shown = false, choice = "";
  const causes = new Map(context.about.wards.causes.map((/** @type {any} */ one) => [one.name, one]));
  const words = el("p", { role: "status" }), purse = el("span", { class: "coins" }), orders = el("div", { class: "path" }), revealed = el("div", { class: "stack" }), choices = el("div", { class: "choices", role: "radiogroup", "aria-label": "What is it?" });
  const result = el("div", { role: "status" }), path = el("div", { class: "stack" }), cost = new Chart("Its cost, epoch by epoch", { height: 200, x: "step" });
  const name = el("button", { type: "button", class: "main", disabled: true, onclick: guess }, "That is it");
  const number = el("input", { type: "number", min: "0", max: "2000000000", value: String(seed), "aria-label": "seed" });

  const ordering = el("section", { class: "card stack", "aria-label": "Measurements" }, el("h2", {}, "Measurements, a coin each"), orders, revealed), naming = el("section", { class: "card stack", "aria-label": "Answer" }, el("h2", {}, "What is it?"), choices, el("div", { class: "row" }, name), result);
  const telling = el("section", { class: "card", "aria-label": "The doctor's own path" }, path);

  async function begin() {
    seed = Math.max(0, Math.floor(Number(number.value) || 0));
    address.write("quiz", { seed });
    shown = false;
    choice = "";
    doctor = null;
    for (const one of [orders, revealed, choices, result, path, purse]) fill(one);
    name.disabled = true;
    for (const one of [ordering, naming, telling, cost.holder]) one.hidden = true;
    fill(words, "A network is being broken …");
    riddle = (await post("/api/quiz", { seed })).job;
  }
  /** @param {any} told */
  function set(told) {
    shown = true;
    for (const one of [ordering, naming, cost.holder]) one.hidden = false;
    coins = told.coins;
    pay();
    fill(words, `A sound network (${told.network.activation}, ${told.network.optimizer}, on small digits) was given one cause. It now gets ${percent(told.quality)} right. Order measurements, one coin each, and name the cause with as many coins left as you can.`);
    cost.show([{ label: "cost", color: "--second", points: told.curve }, { label: "the same answer for all", color: "--faint", dash: true, points: [[0, told.floor]] }]);
    fill(orders, ...PLACES.filter(([place]) => told.places[place]).map(([place]) => [place, told.places[place]]).map(([place, said]) => { const button = el("button", { type: "button", class: "place", onclick: () => order(place, String(said), button) }, `Measure ${said}`); return button; }));
    fill(choices, ...told.choices.map((/** @type {string} */ one) => el("label", {}, el("input", { type: "radio", name: "cause", value: one, onchange: () => { choice = one; name.disabled = false; } }), el("span", {}, /** @type {any} */ (causes.get(one))?.title || one))));
  }
  function pay() {
    fill(purse, `${coins} ${coins === 1 ? "coin" : "coins"}`);
    if (coins) return;
    for (const button of orders.querySelectorAll("button")) button.disabled = true;
    orders.append(el("p", { class: "small faint" }, "No coins are left: name the cause."));
  }
  /** @param {string} place @param {string} said @param {HTMLButtonElement & Record<string, any>|any} button */
  async function order(place, said, button) {
    if (coins <= 0 || button.disabled) return;
    button.disabled = true;
    coins -= 1;
    pay();
    const { rows } = await post(`/api/quiz/${riddle}/measure`, { place });
    if (rows.some((/** @type {any} */ row) => row.unusual)) button.classList.add("lit");
    revealed.append(el("h3", {}, said), measured(rows));
  }
  async function guess() {
    name.disabled = true;
    for (const one of [...orders.querySelectorAll("button"), ...choices.querySelectorAll("input")]) one.disabled = true;
    const told = await post(`/api/quiz/${riddle}/guess`, { cause: choice });
    doctor = told.job;
    const right = /** @type {any} */ (causes.get(told.cause));
    fill(result, el("p", { class: told.right ? "good story" : "bad story" }, told.right ? `Right, with ${coins} ${coins === 1 ? "coin" : "coins"} left: ${right?.title}` : `No: it was ${told.cause}. ${right?.title}`), el("p", { class: "small faint" }, right?.does || ""));
    telling.hidden = false;
    fill(path, el("h2", {}, "The doctor's own path"), el("p", { class: "faint" }, "He is not told the cause either."));
  }
  context.ending.push(follow((job) => {
    if (job.number === riddle && !shown) { const told = last(job, "riddle"); if (told) set(told); }
    if (job.number === doctor) diagnosis(path, job, context, "The doctor's own path");
  }));
  fill(main, el("div", { class: "lead" }, el("h1", {}, "Find the fault"), el("p", { class: "faint" }, "The same seed breaks the same network in the same way, on every machine: a class can play one riddle.")),
    el("div", { class: "grid cols-side" }, el("section", { class: "card stack", "aria-label": "Riddle" }, field("Seed", number), el("div", { class: "row" }, el("button", { type: "button", onclick: begin }, "This riddle"), el("button", { type: "button", onclick: () => { number.value = String(seed + 1); begin(); } }, "The next")), purse, words, cost.holder),
      el("div", { class: "stack" }, ordering, naming, telling)));
  begin();
}
