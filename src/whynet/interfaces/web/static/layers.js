// @ts-check
/** Layer by layer: what every unit says of a drawing, what it adds to the answer, and what it looks for. */
import { get } from "./api.js";
import { el, fill, short } from "./dom.js";
import { bytes, COLOURS, picture, pictures } from "./paint.js";

const CELL = 12, ACROSS = 40, FEW = 4;
/** @type {{layer: number, unit: number}|null} */
let chosen = null;

/** @param {HTMLElement} holder @param {any} told */
export function layers(holder, told) {
  const name = told.names[told.about];
  if (!told.layers.length) { fill(holder, el("p", { class: "faint" }, "It has no hidden layers.")); return; }
  const detail = el("div", { class: "card", role: "status" });
  const choose = (/** @type {any} */ layer, /** @type {number} */ unit) => {
    chosen = { layer: layer.index, unit };
    for (const one of holder.querySelectorAll("[data-unit]")) one.setAttribute("aria-pressed", String(one.getAttribute("data-unit") === `${layer.index}.${unit}`));
    explain(detail, layer, unit, name);
  };
  fill(holder, ...told.layers.map((/** @type {any} */ layer) => row(layer, name, choose)), detail);
  detail.hidden = true;
  const still = chosen && told.layers.find((/** @type {any} */ one) => one.index === chosen?.layer && (chosen?.unit ?? 0) < one.adds.length);
  if (still && chosen) choose(still, chosen.unit);
}

/** @param {any} layer @param {string} name @param {(layer: any, unit: number) => void} choose */
function row(layer, name, choose) {
  const order = layer.adds.map((/** @type {number} */ value, /** @type {number} */ unit) => [value, unit]).sort((/** @type {number[]} */ a, /** @type {number[]} */ b) => b[0] - a[0]);
  const chip = (/** @type {[number, number]} */ [value, unit]) => el("button", { type: "button", class: "chip", "data-unit": `${layer.index}.${unit}`, "aria-pressed": "false", onclick: () => choose(layer, unit) },
    `${layer.shape.length === 3 ? "filter" : "unit"} ${unit + 1}: ${value > 0 ? "+" : ""}${short(value)}`);
  const strong = order.filter((/** @type {number[]} */ one) => one[0] > 0).slice(0, FEW), weak = order.filter((/** @type {number[]} */ one) => one[0] < 0).slice(-FEW).reverse();
  const of = layer.units > layer.shape[0] ? `, the first ${layer.shape[0]} of ${layer.units}` : "";
  return el("div", { class: "layer stack" },
    el("h3", {}, `${layer.name} `, el("span", { class: "faint small" }, `· ${layer.shape.length === 3 ? `${layer.shape[0]} maps of ${layer.shape[1]} by ${layer.shape[2]}` : `${layer.shape[0]} units`}${of} · the largest says ${short(layer.top)}`)),
    layer.shape.length === 3 ? maps(layer, choose) : cells(layer, choose),
    el("div", { class: "chips" }, strong.length ? el("span", { class: "small faint" }, `Speaks for ${name}:`) : null, ...strong.map(chip)),
    el("div", { class: "chips" }, weak.length ? el("span", { class: "small faint" }, "Against it:") : null, ...weak.map(chip)));
}

/** @param {any} layer @param {(layer: any, unit: number) => void} choose */
function maps(layer, choose) {
  return el("div", { class: "maps" }, ...pictures(layer, "heat", (index) => `map of filter ${index + 1}`).map((one, unit) => el("button", { type: "button", "data-unit": `${layer.index}.${unit}`, "aria-pressed": "false",
    "aria-label": `filter ${unit + 1}`, onclick: () => choose(layer, unit) }, one)));
}

/** @param {any} layer @param {(layer: any, unit: number) => void} choose */
function cells(layer, choose) {
  const data = bytes(layer), across = Math.min(ACROSS, data.length), down = Math.ceil(data.length / across);
  const canvas = el("canvas", { class: "units", width: across * CELL, height: down * CELL, role: "img", "aria-label": `what the ${data.length} units of ${layer.name} say; the strongest are named below`,
    onclick: (/** @type {MouseEvent} */ event) => {
      const unit = Math.floor((event.offsetY / canvas.clientHeight) * down) * across + Math.floor((event.offsetX / canvas.clientWidth) * across);
      if (unit < data.length) choose(layer, unit);
    } });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  data.forEach((value, unit) => {
    const [r, g, b] = COLOURS.heat(value);
    context.fillStyle = `rgb(${r},${g},${b})`;
    context.fillRect((unit % across) * CELL, Math.floor(unit / across) * CELL, CELL - 1, CELL - 1);
  });
  return canvas;
}

/** @param {HTMLElement} holder @param {any} layer @param {number} unit @param {string} name */
async function explain(holder, layer, unit, name) {
  const told = await get(`/api/unit?layer=${layer.index}&number=${unit}`);
  const adds = layer.adds[unit];
  const parts = [];
  if (told.mask) parts.push(el("figure", {}, picture(bytes(told.mask), told.mask.shape, 0, "signed", "its weights"), el("figcaption", { class: "small faint" }, "its weights: red excites, blue inhibits")),
    el("figure", {}, picture(bytes(told.exciting), told.exciting.shape, 0, "ink", "the picture that excites it most"), el("figcaption", { class: "small faint" }, "what excites it most")));
  if (told.parts) parts.push(...pictures(told.parts, "ink", (index) => `part ${index + 1} that excites it`));
  holder.hidden = false;
  fill(holder, el("h3", {}, `${layer.shape.length === 3 ? "Filter" : "Unit"} ${unit + 1} of ${layer.name}`),
    el("p", {}, `It ${adds === 0 ? "adds nothing to" : adds > 0 ? `adds ${short(adds)} to` : `takes ${short(-adds)} from`} the score of ${name}.`, told.never ? " Nothing of what was looked at excites it." : ""),
    told.what === "filter" ? el("p", { class: "small faint" }, `It sees ${told.sees[0]} by ${told.sees[1]} pixels. These parts of training pictures excite it most: what they have in common is what it looks for.`) : null,
    told.what === "examples" ? el("p", { class: "small faint" }, "These training pictures excite it most.") : null,
    el("div", { class: "masks large" }, ...parts));
}
