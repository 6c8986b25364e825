// @ts-check
/** Layers as blocks: dense, convolution, pooling. */
import { el, fill, select } from "./dom.js";

const KINDS = [["dense", "dense"], ["conv", "convolution"], ["pool", "pooling"]];

/** The lines of a recipe's layers <-> blocks on the screen. */
export class Blocks {
  /** @param {string[]} lines @param {() => void} changed */
  constructor(lines, changed) {
    this.lines = lines;
    this.changed = changed;
    this.holder = el("div", { class: "stack", role: "group", "aria-label": "Hidden layers" });
    this.show();
  }

  /** @param {any} recipe */
  static of(recipe) { return recipe.layers ? [...recipe.layers] : (recipe.hidden || (recipe.sizes || []).slice(1, -1)).map((/** @type {number} */ units) => `dense ${units}`); }

  /** As fields of a recipe: widths alone where all are dense. */
  fields() {
    const plain = this.lines.every((line) => /^dense \d+$/.test(line));
    return plain ? { hidden: this.lines.map((line) => Number(line.split(" ")[1])) } : { layers: this.lines };
  }

  /** @param {number} index @param {string} line */
  set(index, line) { this.lines[index] = line; this.show(); this.changed(); }

  show() {
    fill(this.holder, ...this.lines.map((line, index) => this.block(line, index)), el("div", { class: "row" },
      ...KINDS.map(([kind, words]) => el("button", { type: "button", class: "chip", onclick: () => {
        const line = kind === "dense" ? "dense 30" : kind === "conv" ? "conv 8 5x5" : "pool 2";
        const firstDense = this.lines.findIndex((one) => one.startsWith("dense"));
        if (kind === "dense" || firstDense < 0) this.lines.push(line); else this.lines.splice(firstDense, 0, line);
        this.show();
        this.changed();
      } }, `+ ${words}`))));
  }

  /** @param {string} line @param {number} index */
  block(line, index) {
    const [kind, size, window, ...rest] = line.split(" ");
    const known = KINDS.some(([name]) => name === kind);
    const number = (/** @type {string} */ value, /** @type {string} */ words, /** @type {(text: string) => string} */ made) => el("input", { type: "number", min: "1", max: "4096", value, "aria-label": words, onchange: (/** @type {any} */ event) => this.set(index, made(event.target.value)) });
    /** @type {Array<Node|string|null>} */
    let inputs = [el("span", {}, line)];
    if (kind === "dense") inputs = [number(size, "units", (value) => ["dense", value, window, ...rest].filter(Boolean).join(" ")), el("span", {}, "units", window ? ` ${[window, ...rest].join(" ")}` : "")];
    if (kind === "conv") inputs = [number(size, "filters", (value) => ["conv", value, window, ...rest].filter(Boolean).join(" ")),
      select(["3x3", "5x5", "7x7", ...(["3x3", "5x5", "7x7"].includes(window) ? [] : [window])], window, (value) => this.set(index, ["conv", size, value, ...rest].join(" ")), { "aria-label": "what a filter sees" }), el("span", {}, rest.join(" "))];
    if (kind === "pool") inputs = [number(size, "window", (value) => ["pool", value, window, ...rest].filter(Boolean).join(" ")), el("span", {}, "the largest of each window")];
    return el("div", { class: "block" }, el("b", {}, known ? KINDS.find(([name]) => name === kind)?.[1] : kind), ...inputs,
      el("button", { type: "button", class: "plain", "aria-label": `take away layer ${index + 1}`, onclick: () => { this.lines.splice(index, 1); this.show(); this.changed(); } }, "×"));
  }
}
