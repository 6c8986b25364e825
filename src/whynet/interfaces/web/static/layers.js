// @ts-check
/** Layer by layer: what every unit says of a drawing, what it adds to the answer, and what it looks for. */
import { get } from "./api.js";
import { el, fill, short } from "./dom.js";
import { Album, bytes, COLOURS, picture, pictures } from "./paint.js";

const CELL = 12, ACROSS = 40, FEW = 4;
/** @type {{layer: number, unit: number}|null} */
let chosen = null;

/** The layers of one network: its elements are made once, and filled anew with every drawing. */
export class Layers {
  constructor() {
    this.rows = el("div");
    this.detail = el("div", { class: "card", role: "status", hidden: true });
    this.holder = el("div", {}, this.rows, this.detail);
    /** @type {Row[]} */
    this.made = [];
    this.shape = "";
    /** @type {any} */
    this.told = null;
  }

  /** @param {any} told */
  show(told) {
    this.told = told;
    const shape = JSON.stringify(told.layers.map((/** @type {any} */ one) => [one.index, one.name, one.shape]));
    if (shape !== this.shape) {
      this.shape = shape;
      this.made = told.layers.map((/** @type {any} */ one) => new Row(one, (unit) => this.choose(one.index, unit)));
      fill(this.rows, ...(this.made.length ? this.made.map((one) => one.holder) : [el("p", { class: "faint" }, "It has no hidden layers.")]));
    }
    this.made.forEach((row, index) => row.show(told.layers[index], told.names[told.about]));
    const still = told.layers.some((/** @type {any} */ one) => one.index === chosen?.layer && (chosen?.unit ?? 0) < one.adds.length);
    if (still && chosen) this.choose(chosen.layer, chosen.unit);
    else this.detail.hidden = true;
  }

  clear() { this.shape = ""; this.made = []; fill(this.rows); this.detail.hidden = true; }

  /** @param {number} layer @param {number} unit */
  async choose(layer, unit) {
    chosen = { layer, unit };
    for (const one of this.rows.querySelectorAll("[data-unit]")) one.setAttribute("aria-pressed", String(one.getAttribute("data-unit") === `${layer}.${unit}`));
    const told = this.told, found = await look(layer, unit, told.version);
    if (chosen?.layer !== layer || chosen.unit !== unit) return;
    this.detail.hidden = false;
    fill(this.detail, ...explained(found, told.layers.find((/** @type {any} */ one) => one.index === layer), unit, told.names[told.about]));
  }
}

/** One layer. */
class Row {
  /** @param {any} layer @param {(unit: number) => void} choose */
  constructor(layer, choose) {
    this.choose = choose;
    this.filters = layer.shape.length === 3;
    this.what = this.filters ? "filter" : "unit";
    this.album = new Album("heat");
    this.cells = el("div", { class: this.filters ? "maps" : "" });
    this.title = el("span", { class: "faint small" });
    this.strong = el("div", { class: "chips" });
    this.weak = el("div", { class: "chips" });
    const number = el("input", { type: "number", min: "1", max: String(layer.adds.length), "aria-label": `number of a ${this.what} of ${layer.name}`, placeholder: `1 to ${layer.adds.length}`,
      onchange: () => { const unit = Math.floor(Number(number.value)) - 1; if (unit >= 0 && unit < layer.adds.length) choose(unit); } });
    this.holder = el("div", { class: "layer stack" }, el("h3", {}, `${layer.name} `, this.title), this.cells, this.strong, this.weak,
      el("label", { class: "row small faint number" }, `Look at ${this.what}`, number));
    if (!this.filters) this.canvas = this.units(layer);
  }

  /** @param {any} layer @param {string} name */
  show(layer, name) {
    const of = layer.units > layer.shape[0] ? `, the first ${layer.shape[0]} of ${layer.units}` : "";
    fill(this.title, `· ${this.filters ? `${layer.shape[0]} maps of ${layer.shape[1]} by ${layer.shape[2]}` : `${layer.shape[0]} units`}${of} · the largest says ${short(layer.top)}`);
    if (!this.filters) this.heat(layer);
    else if (this.album.show(layer, (index) => `map of filter ${index + 1}`)) {
      fill(this.cells, ...this.album.canvases.map((one, unit) => el("button", { type: "button", "data-unit": `${layer.index}.${unit}`, "aria-pressed": "false", "aria-label": `filter ${unit + 1}`, onclick: () => this.choose(unit) }, one)));
    }
    const order = layer.adds.map((/** @type {number} */ value, /** @type {number} */ unit) => [value, unit]).sort((/** @type {number[]} */ a, /** @type {number[]} */ b) => b[0] - a[0]);
    this.chips(this.strong, `Speaks for ${name}:`, layer, order.filter((/** @type {number[]} */ one) => one[0] > 0).slice(0, FEW));
    this.chips(this.weak, "Against it:", layer, order.filter((/** @type {number[]} */ one) => one[0] < 0).slice(-FEW).reverse());
  }

  /** Buttons are kept from drawing to drawing: one that is replaced between press and release is never clicked.
   * @param {HTMLElement} holder @param {string} words @param {any} layer @param {Array<[number, number]>} units */
  chips(holder, words, layer, units) {
    if (!holder.firstChild) fill(holder, el("span", { class: "small faint" }));
    const [title, ...kept] = /** @type {HTMLElement[]} */ ([...holder.children]);
    title.textContent = units.length ? words : "";
    for (const one of kept.splice(units.length)) one.remove();
    while (kept.length < units.length) kept.push(holder.appendChild(this.chip()));
    units.forEach(([value, unit], index) => {
      kept[index].dataset.unit = `${layer.index}.${unit}`;
      kept[index].setAttribute("aria-pressed", "false");
      kept[index].textContent = `${this.what} ${unit + 1}: ${value > 0 ? "+" : ""}${short(value)}`;
    });
  }

  chip() {
    const made = el("button", { type: "button", class: "chip", onclick: () => this.choose(Number(String(made.dataset.unit).split(".")[1])) });
    return made;
  }

  /** @param {any} layer The units as squares: a click asks about one. */
  units(layer) {
    const count = layer.shape[0], across = Math.min(ACROSS, count), down = Math.ceil(count / across);
    const canvas = el("canvas", { class: "units", width: across * CELL, height: down * CELL, role: "img", "aria-label": `what the ${count} units of ${layer.name} say; the strongest are named below`,
      onclick: (/** @type {MouseEvent} */ event) => {
        const unit = Math.floor((event.offsetY / canvas.clientHeight) * down) * across + Math.floor((event.offsetX / canvas.clientWidth) * across);
        if (unit < count) this.choose(unit);
      } });
    fill(this.cells, canvas);
    return canvas;
  }

  /** @param {any} layer */
  heat(layer) {
    const data = bytes(layer), across = Math.min(ACROSS, data.length);
    const context = /** @type {CanvasRenderingContext2D} */ (/** @type {any} */ (this.canvas).getContext("2d", { willReadFrequently: true }));
    data.forEach((value, unit) => {
      const colour = COLOURS.heat[value];
      context.fillStyle = `rgb(${colour & 255},${(colour >> 8) & 255},${(colour >> 16) & 255})`;
      context.fillRect((unit % across) * CELL, Math.floor(unit / across) * CELL, CELL - 1, CELL - 1);
    });
  }
}

/** @type {{key: string, told: Promise<any>}} */
let known = { key: "", told: Promise.resolve() };
/** What a unit looks for hangs on the network, not on the drawing. @param {number} layer @param {number} unit @param {number} version */
function look(layer, unit, version) {
  const key = `${layer}.${unit}.${version}`;
  if (known.key !== key) known = { key, told: get(`/api/unit?layer=${layer}&number=${unit}`).catch((error) => { known.key = ""; throw error; }) };
  return known.told;
}

/** @param {any} told @param {any} layer @param {number} unit @param {string} name */
function explained(told, layer, unit, name) {
  const adds = layer.adds[unit];
  const parts = [];
  if (told.mask) parts.push(el("figure", {}, picture(bytes(told.mask), told.mask.shape, 0, "signed", "its weights"), el("figcaption", { class: "small faint" }, "its weights: red excites, blue inhibits")),
    el("figure", {}, picture(bytes(told.exciting), told.exciting.shape, 0, "ink", "the picture that excites it most"), el("figcaption", { class: "small faint" }, "what excites it most")));
  if (told.parts) parts.push(...pictures(told.parts, "ink", (index) => `part ${index + 1} that excites it`));
  return [el("h3", {}, `${layer.shape.length === 3 ? "Filter" : "Unit"} ${unit + 1} of ${layer.name}`),
    el("p", {}, `It ${adds === 0 ? "adds nothing to" : adds > 0 ? `adds ${short(adds)} to` : `takes ${short(-adds)} from`} the score of ${name}.`, told.never ? " Nothing of what was looked at excites it." : ""),
    told.what === "filter" ? el("p", { class: "small faint" }, `It sees ${told.sees[0]} by ${told.sees[1]} pixels. These parts of training pictures excite it most: what they have in common is what it looks for.`) : null,
    told.what === "examples" ? el("p", { class: "small faint" }, "These training pictures excite it most.") : null,
    el("div", { class: "masks large" }, ...parts)];
}
