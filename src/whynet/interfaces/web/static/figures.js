// @ts-check
/** Large figures in a row, bars for recalls, masks in a grid. */
import { el, fill, percent } from "./dom.js";
import { pictures } from "./paint.js";

/** @param {HTMLElement} holder @param {Array<[string, string]>} items */
export const figures = (holder, items) => fill(holder, ...items.map(([value, words]) => el("div", { class: "figure" }, el("b", {}, value), el("span", {}, words))));

/** @param {HTMLElement} holder @param {number[]} values @param {string[]} names */
export function recalls(holder, values, names) {
  fill(holder, ...values.map((value, index) => {
    const bar = el("i", { class: value < 0.5 ? "low" : "" });
    bar.style.width = `${100 * value}%`;
    return el("div", { class: "row" }, el("span", { class: "small name" }, names[index] ?? String(index)), el("span", { class: "track grow" }, bar), el("span", { class: "small faint end" }, percent(value)));
  }));
}

/** @param {HTMLElement} holder @param {any} told */
export function masks(holder, told) {
  if (told.what === "filters") {
    const [filters, each, rows, columns] = told.parts.shape;
    const all = pictures({ bytes: told.parts.bytes, shape: [filters * each, rows, columns] }, "ink", () => "a part that excites it");
    fill(holder, ...Array.from({ length: filters }, (_, index) => el("figure", {}, el("div", { class: "quad" }, ...all.slice(index * each, index * each + 4)), String(index + 1))));
  } else fill(holder, ...pictures(told.masks, "signed", (index) => `mask of unit ${(told.units?.[index] ?? index) + 1}`));
}
