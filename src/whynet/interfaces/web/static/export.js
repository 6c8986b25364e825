// @ts-check
/** Export: the network, its recipe and its report as files. */
import { download } from "./api.js";
import { el, fill } from "./dom.js";

/** @type {Record<string, [string, string]>} */
const WORDS = { safetensors: ["Model", "the weights with all that is needed to predict; whynet evaluate and predict take it"], onnx: ["ONNX", "for nearly every other runtime (needs pip install onnx)"],
  numpy: ["NumPy file", "one readable Python file that predicts with NumPy alone"], torch: ["PyTorch", "a program that builds the model, and its weights"], keras: ["Keras", "the same for Keras"],
  recipe: ["Recipe", "everything that decides the training, to repeat it: whynet train recipe.toml"], report: ["Report", "the run as one page that works offline"] };

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function exporting(main, context) {
  const desk = context.about.desk, done = el("p", { role: "status" });
  fill(main, el("div", { class: "lead" }, el("h1", {}, "Export"), el("p", { class: "faint" }, desk.network ? `${desk.name}: ${desk.network}` : "There is no network yet."), done),
    el("div", { class: "grid cols-2" }, ...context.about.exports.map((/** @type {string} */ kind) => el("section", { class: "card stack", "aria-label": WORDS[kind][0] }, el("h2", {}, WORDS[kind][0]), el("p", { class: "small faint" }, WORDS[kind][1]),
      el("div", { class: "row" }, el("button", { type: "button", disabled: !desk.network, onclick: async () => { fill(done, ""); const name = await download(kind); fill(done, `${name} is saved.`); } }, `Save the ${WORDS[kind][0].toLowerCase()}`)))))) ;
}
