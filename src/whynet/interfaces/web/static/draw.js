// @ts-check
/** Draw: a drawing, the picture that the network receives, its answers, and where they come from. */
import { post } from "./api.js";
import * as address from "./address.js";
import { el, fill, painted, percent, select, short } from "./dom.js";
import { Album, blank as empty, frame } from "./paint.js";
import { Pad } from "./pad.js";
import { follow } from "./jobs.js";
import { notice } from "./notice.js";
import { Layers } from "./layers.js";

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function draw(main, context) {
  const desk = context.about.desk;
  const title = el("p", { class: "faint small" });
  const received = el("div"), answers = el("div", { class: "bars", role: "group", "aria-label": "Answers: press one to see what speaks for it" });
  const verdict = el("p", { class: "big", role: "status", "aria-live": "polite" }, "–"), warning = el("div", { role: "status" });
  const where = el("div"), nearest = el("div", { class: "thumbs" }), nearWords = el("p", { class: "small faint" });
  const deep = new Layers(), lesson = el("div", { class: "row" }), learned = el("p", { class: "small faint", role: "status" });
  const frameOf = empty("the picture that the network receives, with the box of its ink and its centre of mass");
  const speaks = new Album("signed"), speaksWords = el("p", { class: "small faint" }), near = new Album("ink");
  /** @type {Array<{button: HTMLElement, bar: HTMLElement, value: HTMLElement}>} */
  let bars = [];
  let named = "";
  /** @type {number|null} */
  let about = null;
  /** @type {number|null} */
  let test = context.state.test ? Number(context.state.test) : null;
  let busy = false, again = 0, touched = false, seen = false, resting = 0;
  let last = /** @type {any} */ (null);

  const pad = new Pad((at) => { test = null; about = null; address.write("draw", {}); ask(at); });
  const body = () => (test != null ? { test } : pad.sent());

  /** @param {number} [at] when that which is asked about happened */
  async function ask(at = performance.now()) {
    if (busy) { again = again || at; return; }
    if (test == null && pad.empty) { blank(); return; }
    busy = true;
    try {
      const told = await post("/api/draw", { ...body(), about }, true);
      if (test == null && pad.empty) blank();
      else show(told, at);
    } catch (error) {
      fill(warning, el("p", { class: "warn" }, /** @type {Error} */ (error).message));
    }
    busy = false;
    if (again) { const first = again; again = 0; ask(first); }
  }

  function blank() {
    last = null;
    named = "";
    fill(verdict, "–");
    verdict.removeAttribute("aria-label");
    for (const one of [answers, warning, where, nearest, nearWords, lesson, learned]) fill(one);
    deep.clear();
    for (const one of main.querySelectorAll(".where, .like, #layers")) /** @type {HTMLElement} */ (one).hidden = true;
    fill(received, el("p", { class: "faint" }, "Draw something: what the network receives is shown here."));
  }

  /** The answer first, and when it is on the screen what there is beside it. @param {any} told @param {number} at */
  function show(told, at) {
    last = told;
    answer(told);
    painted(() => {
      document.body.dataset.answered = String(Math.round(performance.now() - at));
      if (told !== last) return;
      reasons(told);
      clearTimeout(resting);
      if (seen) deep.show(told);
      else resting = window.setTimeout(() => told === last && deep.show(told), 300); // nobody looks: when the pen rests
    });
  }

  /** @param {any} told */
  function answer(told) {
    const name = told.names[told.answer];
    if (verdict.textContent !== name) fill(verdict, name);
    verdict.setAttribute("aria-label", `It says ${name}, ${percent(told.probabilities[told.answer])}`);
    if (named !== told.names.join(" ")) {
      named = told.names.join(" ");
      bars = told.names.map((/** @type {string} */ one, /** @type {number} */ index) => {
        const bar = el("i"), value = el("span", { class: "value" });
        return { bar, value, button: el("button", { type: "button", onclick: () => { about = index; ask(); } }, el("span", {}, one), el("span", { class: "track" }, bar), value) };
      });
      fill(answers, ...bars.map((one) => one.button));
    }
    bars.forEach(({ button, bar, value }, index) => {
      const share = percent(told.probabilities[index]);
      bar.style.width = `${100 * told.probabilities[index]}%`;
      value.textContent = share;
      button.className = index === told.answer ? "first" : "";
      button.setAttribute("aria-pressed", String(index === told.about));
      button.setAttribute("aria-label", `${told.names[index]}: ${share}. What speaks for it?`);
    });
    const { outside, distance, usual } = told.nearest;
    fill(warning, outside && el("p", { class: "warn" }, `Outside of what it was trained on: the nearest training picture is ${short(distance)} away; of 99 in 100 it is below ${short(usual)}. Take the answer with care.`),
      told.label != null && el("p", { class: told.label === told.answer ? "good" : "bad" }, `Test picture ${test}: it is a ${told.names[told.label]}.`));
  }

  /** @param {any} told */
  function reasons(told) {
    for (const one of main.querySelectorAll(".where, .like, #layers")) /** @type {HTMLElement} */ (one).hidden = false;
    frame(frameOf, told.picture, told.box, told.centre);
    if (frameOf.parentNode !== received) fill(received, frameOf);
    const name = told.names[told.about], close = told.nearest;
    if (speaks.show(told.where, () => `what speaks for ${name} (red) and against it (blue)`) || !where.firstChild) fill(where, ...speaks.canvases, speaksWords);
    fill(speaksWords, `Red ink speaks for ${name}, blue against it (gradient times input). Press another answer above to ask about it.`);
    near.show(close.pictures, (index) => `a ${close.labels[index]}`);
    fill(nearest, ...near.canvases.map((one, index) => el("figure", {}, one, el("b", {}, close.labels[index]), ` ${close.distances[index].toFixed(1)}`)));
    fill(nearWords, `Of ${close.of.toLocaleString()} training pictures, those most like it, and how far they are.`);
    teach(told);
  }

  /** @param {any} told */
  function teach(told) {
    if (test != null) { fill(lesson); return; }
    const known = lesson.querySelector("select");
    if (known) { if (!touched) known.value = String(told.answer); return; }
    touched = false;
    const choice = select(told.names.map((/** @type {string} */ name, /** @type {number} */ index) => [String(index), name]), String(told.answer), () => { touched = true; }, { "aria-label": "what it is" });
    choice.style.width = "auto";
    fill(lesson, el("span", {}, "One more: this is a"), choice, el("button", { type: "button", onclick: async () => {
      const made = await post("/api/teach", { drawing: body(), label: Number(choice.value) });
      about = null;
      show(made, performance.now());
      fill(learned, `Learned in ${made.rounds} ${made.rounds === 1 ? "round" : "rounds"}, ${made.lessons} of your drawings so far. It practised training pictures beside it, so as not to forget them.`);
    } }, "Learn it"));
  }

  async function random() {
    pad.clear();
    const count = context.about.desk.tested;
    if (!count) return;
    test = Math.floor(Math.random() * count);
    about = null;
    address.write("draw", { test });
    ask();
  }

  const file = el("input", { type: "file", accept: "image/*", hidden: true, "aria-label": "a picture of a digit", onchange: () => file.files[0] && open(file.files[0]) });
  /** @param {Blob} blob */
  const open = (blob) => pad.open(blob).catch((error) => notice(error.message || "This picture cannot be read."));
  /** @param {ClipboardEvent} event */
  const paste = (event) => { const item = [...(event.clipboardData?.files || [])].find((one) => one.type.startsWith("image/")); if (item) open(item); };
  document.addEventListener("paste", paste);
  context.ending.push(() => document.removeEventListener("paste", paste));
  const shown = (/** @type {any} */ one) => fill(title, one.network ? `${one.name} · ${one.network} · ${one.data}` : context.about.trouble || "The first network is being trained: it takes a few seconds.");
  shown(desk);
  const timer = setInterval(async () => { // until the server has loaded, or trained, its first network
    if (!context.about.desk.network) context.about = await context.refresh();
    if (!context.about.desk.network) return;
    clearInterval(timer);
    shown(context.about.desk);
    if (test != null || !pad.empty) ask();
  }, 600);
  let due = false;
  context.ending.push(() => clearInterval(timer), follow((job, message) => {
    if (job.kind !== "train" || message.kind !== "network" || due) return;
    due = true;
    setTimeout(async () => { due = false; context.about = await context.refresh(); shown(context.about.desk); if (last) ask(); }, 400);
  }));
  fill(main,
    el("div", { class: "lead" }, el("h1", {}, "Draw a digit"), title),
    el("div", { class: "grid cols-draw" },
      el("div", { class: "column" }, el("section", { class: "card stack first", "aria-label": "Drawing" }, el("div", { class: "pads" }, pad.canvas),
        el("div", { class: "row" }, el("button", { type: "button", onclick: () => pad.undo() }, "Undo"), el("button", { type: "button", onclick: () => pad.clear() }, "Clear"),
          el("button", { type: "button", onclick: () => file.click() }, "Open a picture"), el("button", { type: "button", onclick: random }, "A test picture")), file,
        el("p", { class: "small faint" }, "Mouse, finger or pen; arrow keys and space; or paste or drop a picture."), lesson, learned)),
      el("div", { class: "column" }, el("section", { class: "card stack second", "aria-label": "Answers" }, el("h2", {}, "It says"), verdict, warning, answers),
      el("section", { class: "card stack like", "aria-label": "Most like it" }, el("h2", {}, "Most like it"), nearest, nearWords)),
      el("div", { class: "column" }, el("section", { class: "card stack third", "aria-label": "What the network receives" }, el("h2", {}, "What the network receives"), received,
        el("p", { class: "small faint" }, "Scaled into a box (dashed), its centre of mass (cross) in the middle: as its training pictures were.")),
      el("section", { class: "card stack where", "aria-label": "Where the answer comes from" }, el("h2", {}, "Where the answer comes from"), where))),
    el("section", { class: "card", "aria-label": "Layer by layer", id: "layers" }, el("h2", {}, "Layer by layer"), deep.holder));
  const section = /** @type {HTMLElement} */ (main.querySelector("#layers"));
  section.style.marginTop = "1rem";
  const watch = new IntersectionObserver((found) => { seen = found.some((one) => one.isIntersecting); if (seen && last) deep.show(last); });
  watch.observe(section);
  context.ending.push(() => { watch.disconnect(); clearTimeout(resting); });
  blank();
  if (test != null) ask();
}
