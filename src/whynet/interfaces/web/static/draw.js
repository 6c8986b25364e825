// @ts-check
/** Draw: a drawing, the picture that the network receives, its answers, and where they come from. */
import { post } from "./api.js";
import * as address from "./address.js";
import { el, fill, percent, select, short } from "./dom.js";
import { bytes, framed, picture, pictures } from "./paint.js";
import { Pad } from "./pad.js";
import { follow } from "./jobs.js";
import { notice } from "./notice.js";
import { layers } from "./layers.js";

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function draw(main, context) {
  const desk = context.about.desk;
  const title = el("p", { class: "faint small" });
  const received = el("div"), answers = el("div", { class: "bars", role: "group", "aria-label": "Answers: press one to see what speaks for it" });
  const verdict = el("p", { class: "big", role: "status", "aria-live": "polite" }, "–"), warning = el("div", { role: "status" });
  const where = el("div"), nearest = el("div", { class: "thumbs" }), nearWords = el("p", { class: "small faint" });
  const deep = el("div"), lesson = el("div", { class: "row" }), learned = el("p", { class: "small faint", role: "status" });
  /** @type {number|null} */
  let about = null;
  /** @type {number|null} */
  let test = context.state.test ? Number(context.state.test) : null;
  let busy = false, again = false, touched = false;
  let last = /** @type {any} */ (null);

  const pad = new Pad(() => { test = null; about = null; address.write("draw", {}); ask(); });
  const body = () => (test != null ? { test } : pad.sent());

  async function ask() {
    if (busy) { again = true; return; }
    if (test == null && pad.empty) { blank(); return; }
    busy = true;
    const started = performance.now();
    try {
      last = await post("/api/draw", { ...body(), about }, true);
      show(last);
      document.body.dataset.answered = String(Math.round(performance.now() - started));
    } catch (error) {
      fill(warning, el("p", { class: "warn" }, /** @type {Error} */ (error).message));
    }
    busy = false;
    if (again) { again = false; ask(); }
  }

  function blank() {
    last = null;
    fill(verdict, "–");
    for (const one of [received, answers, warning, where, nearest, deep, nearWords, lesson, learned]) fill(one);
    fill(received, el("p", { class: "faint" }, "Draw something: what the network receives is shown here."));
  }

  /** @param {any} told */
  function show(told) {
    const answer = told.names[told.answer];
    fill(verdict, answer);
    verdict.setAttribute("aria-label", `It says ${answer}, ${percent(told.probabilities[told.answer])}`);
    fill(received, framed(told.picture, told.box, told.centre));
    fill(answers, ...told.names.map((/** @type {string} */ name, /** @type {number} */ index) => {
      const bar = el("i");
      bar.style.width = `${100 * told.probabilities[index]}%`;
      return el("button", { type: "button", "aria-pressed": String(index === told.about), class: index === told.answer ? "first" : "",
        "aria-label": `${name}: ${percent(told.probabilities[index])}. What speaks for it?`,
        onclick: () => { about = index; ask(); } }, el("span", {}, name), el("span", { class: "track" }, bar), el("span", { class: "value" }, percent(told.probabilities[index])));
    }));
    const near = told.nearest;
    fill(warning, near.outside && el("p", { class: "warn" }, `Outside of what it was trained on: the nearest training picture is ${short(near.distance)} away; of 99 in 100 it is below ${short(near.usual)}. Take the answer with care.`),
      told.label != null && el("p", { class: told.label === told.answer ? "good" : "bad" }, `Test picture ${test}: it is a ${told.names[told.label]}.`));
    fill(where, picture(bytes(told.where), told.where.shape, 0, "signed", `what speaks for ${told.names[told.about]} (red) and against it (blue)`),
      el("p", { class: "small faint" }, `Red ink speaks for ${told.names[told.about]}, blue against it (gradient times input). Press another answer above to ask about it.`));
    fill(nearest, ...pictures(near.pictures, "ink", (index) => `a ${near.labels[index]}`).map((one, index) => el("figure", {}, one, el("b", {}, near.labels[index]), ` ${near.distances[index].toFixed(1)}`)));
    fill(nearWords, `Of ${near.of.toLocaleString()} training pictures, those most like it, and how far they are.`);
    layers(deep, told);
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
      show(made);
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
    el("section", { class: "card", "aria-label": "Layer by layer", id: "layers" }, el("h2", {}, "Layer by layer"), deep));
  const section = /** @type {HTMLElement} */ (main.querySelector("#layers"));
  section.style.marginTop = "1rem";
  blank();
  if (test != null) ask();
}
