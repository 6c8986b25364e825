// @ts-check
/** Export: the network, its recipe and its report as files. */
import { download } from "./api.js";
import { el, fill } from "./dom.js";

/** @type {Record<string, [string, string, string]>} title, what it is, what the button says; in the order in which they are shown */
const WORDS = { safetensors: ["Model", "The weights with all that is needed to predict: whynet evaluate and whynet predict take it.", "Save the model"],
  numpy: ["NumPy file", "One readable Python file that predicts with NumPy alone.", "Save the NumPy file"],
  onnx: ["ONNX", "For nearly every other runtime. It needs: pip install onnx.", "Save as ONNX"],
  torch: ["PyTorch", "A program that builds the model in PyTorch, and its weights.", "Save for PyTorch"], keras: ["Keras", "A program that builds the model in Keras, and its weights.", "Save for Keras"],
  recipe: ["Recipe", "Everything that decides the training, to repeat it: whynet train recipe.toml.", "Save the recipe"], report: ["Report", "The run as one page that works offline.", "Save the report"] };

/** @param {HTMLElement} main @param {import("./app.js").Context} context */
export function exporting(main, context) {
  const desk = context.about.desk, done = el("p", { role: "status" });
  fill(main, el("div", { class: "lead" }, el("h1", {}, "Export"), el("p", { class: "faint" }, desk.network ? `${desk.name}: ${desk.network}` : "There is no network yet."), done),
    el("div", { class: "grid cols-2" }, ...Object.keys(WORDS).filter((kind) => context.about.exports.includes(kind)).map((kind) => el("section", { class: "card stack", "aria-label": WORDS[kind][0] }, el("h2", {}, WORDS[kind][0]), el("p", { class: "small faint" }, WORDS[kind][1]),
      el("div", { class: "row" }, el("button", { type: "button", disabled: !desk.network, onclick: async () => { fill(done, ""); const name = await download(kind); fill(done, `${name} is saved.`); } }, WORDS[kind][2])))))) ;
}
