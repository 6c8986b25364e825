// @ts-check
/** A diagnosis as it unfolds: what happens, why, the proof, what it is not, and all that was measured and tried. */
import { sentence } from "./api.js";
import { Chart } from "./chart.js";
import { el, fill, percent, short } from "./dom.js";
import { all, control, last, over } from "./jobs.js";
import { measured, pageOf, parts } from "./stories.js";

const STATUS = { proved: "proved", helps: "helps", found: "measured", suspected: "suspected" };
/** @type {WeakMap<Element, {trials: Chart, cure: Chart}>} */
const charts = new WeakMap();

/** @param {HTMLElement} holder @param {import("./jobs.js").Job} job @param {import("./app.js").Context} context @param {string} title */
export function diagnosis(holder, job, context, title) {
  if (!charts.has(holder)) charts.set(holder, { trials: new Chart("Trials: the cost with one thing changed", { height: 280, legend: false }), cure: new Chart("The cure: before and after", { height: 240 }) });
  const own = /** @type {{trials: Chart, cure: Chart}} */ (charts.get(holder));
  const told = last(job, "diagnosis"), seen = last(job, "measured"), words = all(job, "words"), trials = all(job, "trial"), end = last(job, "end");
  const early = !trials.length && seen?.curve.length > 3; // two points are no course
  const open = new Set([...holder.querySelectorAll("details[open]")].map((one) => one.getAttribute("data-name")));
  const fold = (/** @type {string} */ name, /** @type {string} */ said, /** @type {any[]} */ ...inside) => el("details", { "data-name": name, open: open.has(name) }, el("summary", {}, said), ...inside);
  const status = end?.error ? el("p", { class: "bad" }, sentence(end.error)) : el("p", { role: "status", class: "faint" }, told ? `Done: ${short(told.effort)} trainings' worth of work, ${Math.round(told.seconds)} seconds.` : job.state === "waiting" ? "It waits for its turn." : words.at(-1)?.text || "It begins.");
  fill(holder, el("div", { class: "row spread" }, el("h2", {}, title), over(job) ? null : el("button", { type: "button", onclick: () => control(job.number, "stop") }, "Enough: tell what is known")), status,
    story(told, seen, context), ...(told ? verdicts(told, fold) : []),
    early ? own.trials.holder : null,
    trials.length ? el("div", { class: "stack" }, own.trials.holder, el("p", { class: "small faint" }, "Bold red: as it is. Bold green: the best so far, ", el("code", {}, best(trials).changes.join(" and ") || "as it is"), ". Thin: the other trials. Dashed: the same answer for all."), fold("trials", `All ${trials.length} trials`, el("div", {}, ...trials.slice(-60).map((one) => el("div", { class: "trial" }, el("span", {}, one.changes.join(" and ") || "as it is", ` (seed ${one.seed})`), bar(one.quality)))))) : null,
    told && Object.keys(told.curves || {}).length > 1 ? own.cure.holder : null,
    seen ? fold("symptoms", `All ${seen.rows.length} measurements, ${seen.rows.filter((/** @type {any} */ r) => r.unusual).length} of them unusual`, measured(seen.rows)) : null,
    told?.acquitted.length ? fold("acquitted", `What it is not: ${told.acquitted.map((/** @type {any} */ one) => one.cause).join(", ")}`, el("ul", {}, ...told.acquitted.map((/** @type {any} */ one) => el("li", {}, `${one.cause}: ${one.why}`)))) : null,
    told?.questions?.length ? fold("questions", "The everyday questions", el("ul", {}, ...told.questions.map((/** @type {any} */ one) => el("li", {}, el("b", {}, `${one.question} ${one.answer ? "Yes" : "No"}. `), one.why)))) : null,
    told ? fold("text", "The whole report as text", el("pre", { tabindex: "0" }, told.text)) : null);
  if (early) own.trials.show([{ label: "as it is", color: "--bad", width: 3, points: seen.curve }, { label: "the same answer for all", color: "--faint", dash: true, points: [[0, seen.floor]] }]);
  if (trials.length) {
    const first = best(trials);
    /** @param {Array<[number, number]>} curve */
    const share = (curve) => curve.map(([step, cost]) => /** @type {[number, number]} */ ([Math.round((1000 * step) / (curve.at(-1)?.[0] || 1)) / 1000, cost]));
    const plain = trials.findLast((one) => !one.changes.length)?.curve || seen?.curve;
    own.trials.options.x = "share of its training";
    own.trials.show([...(seen ? [{ label: "as it is", color: "--bad", width: 3, points: share(plain) }] : []), ...trials.slice(-14).filter((one) => one !== first && one.changes.length && one.curve.length > 0).map((one, index) => ({ label: `${one.changes.join(" and ")} #${index}`, color: "--faint", width: 1, points: share(one.curve) })),
      ...(first.changes.length ? [{ label: `best: ${first.changes.join(" and ")}`, color: "--good", width: 3, points: share(first.curve) }] : []), ...(seen ? [{ label: "the same answer for all", color: "--faint", dash: true, points: /** @type {Array<[number, number]>} */ ([[0, seen.floor]]) }] : [])]);
  }
  if (told?.curves) own.cure.show(Object.entries(told.curves).map(([label, points]) => ({ label, color: label === "as it was" ? "--bad" : "--good", points: /** @type {any} */ (points) })));
}

/** @param {any[]} trials */
const best = (trials) => trials.reduce((a, b) => ((b.quality ?? -1) > (a.quality ?? -1) ? b : a));

/** @param {number|null} quality */
function bar(quality) {
  const inner = el("i");
  inner.style.width = `${100 * (quality ?? 0)}%`;
  return el("span", { class: "row" }, el("span", { class: "track grow" }, inner), el("span", { class: "small end" }, percent(quality)));
}

/** Three sentences that a student can read in a minute. @param {any} told @param {any} seen @param {import("./app.js").Context} context */
function story(told, seen, context) {
  if (!seen && !told) return null;
  const happens = seen?.words || told.text.split("\n")[0];
  const lines = [el("p", { class: "story" }, el("b", {}, "What happens. "), happens, stuck(seen))];
  const first = told?.verdict[0];
  if (first) {
    const page = parts(first.page || "");
    const sure = first.status === "proved" ? "Why. " : "Why, as far as is known. ";
    lines.push(el("p", { class: "story" }, el("b", {}, sure), first.title || first.cause, " ", page["Why it happens"] || first.detail || ""));
    const fix = told.fix;
    const shown = first.status === "proved" && first.before && first.after;
    const proof = (/** @type {any[]} */ changes, /** @type {any} */ before, /** @type {any} */ after) => lines.push(el("p", { class: "story" }, el("b", {}, "The proof. "), "The same network, from the same seed on the same examples, with this changed: ",
      ...changes.flatMap((/** @type {any} */ one, /** @type {number} */ index) => [index ? " and " : "", el("code", {}, one.words)]), `, gets ${share(after)} right instead of ${share(before)}.`));
    if (fix) proof(fix.changes, fix.before, fix.after);
    else if (shown) proof([first.change], first.before, first.after);
    else if (first.change) lines.push(el("p", { class: "story" }, el("b", {}, "What to change. "), el("code", {}, first.change.words)));
  } else if (told) lines.push(el("p", { class: "story" }, told.state === "healthy" ? "Nothing is wrong with it." : "No cause could be named."));
  const mended = told?.fix?.recipe || (told?.verdict[0]?.status === "proved" && told.verdict[0].recipe);
  if (mended) lines.push(el("div", { class: "row" }, el("button", { type: "button", class: "main", onclick: () => context.go("train", { recipe: JSON.stringify(mended), from: "doctor" }) }, "Apply and train")));
  if (told?.patch) lines.push(el("h3", {}, "The patch"), el("pre", { tabindex: "0" }, told.patch));
  return el("div", { class: "stack" }, ...lines);
}

/** Of a cost that is stuck, what it is the cost of. @param {any} seen */
function stuck(seen) {
  const cost = seen?.curve?.at(-1)?.[1];
  if (cost == null || seen.state !== "constant-answer") return "";
  return ` Its cost is ${short(cost)}. To give every input one and the same answer, the best one, costs ${short(seen.floor)}: so it has learned nothing from its inputs.`;
}

/** @param {any} outcome */
const share = (outcome) => (outcome.metric?.name === "accuracy" || outcome.validation_accuracy != null ? percent(outcome.quality) : `${outcome.metric?.name} ${short(outcome.metric?.value)}`);

/** @param {any} told @param {(name: string, said: string, ...inside: any[]) => HTMLElement} fold */
function verdicts(told, fold) {
  return told.verdict.map((/** @type {any} */ one, /** @type {number} */ index) => el("div", { class: `verdict ${one.status}` },
    el("div", { class: "row" }, el("h3", {}, `${index + 1}. ${one.cause}`), el("span", { class: "tag" }, STATUS[/** @type {keyof typeof STATUS} */ (one.status)] || one.status)), el("p", {}, one.title || one.detail, one.with?.length ? ` Together with ${one.with.join(" and ")}.` : ""),
    one.where ? el("p", {}, `Where: ${one.where.file}, line ${one.where.line}`, one.where.text ? el("code", {}, ` ${one.where.text}`) : "") : null,
    one.change ? el("p", { class: "small" }, el("b", {}, "Change: "), one.change.words, one.before && one.after ? `: ${share(one.before)} → ${share(one.after)}` : "") : null,
    fold(`why-${index}`, "The evidence, and what that is", el("ul", { class: "small" }, ...one.evidence.map((/** @type {any} */ fact) => el("li", {}, `${fact.symptom.replaceAll("-", " ")}: ${short(fact.value)}`, fact.normal ? ` (usual: ${fact.normal})` : ""))), ...pageOf(one.page || ""))));
}
