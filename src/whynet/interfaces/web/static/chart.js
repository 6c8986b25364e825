// @ts-check
/** Curves by the vendored library. */
import { color } from "./theme.js";
import { el, fill, short } from "./dom.js";

/** @typedef {{label: string, color: string, dash?: boolean, width?: number, points: Array<[number, number|null]>}} Curve */

export const COLORS = ["--accent", "--second", "--good", "--third", "--fourth", "--bad"];

/** A chart that is given its curves anew whenever there is more; it is drawn at most once a frame. */
export class Chart {
  /** @param {string} title @param {{x?: string, percent?: boolean, log?: boolean, whole?: boolean, legend?: boolean, height?: number, empty?: string}} [options] */
  constructor(title, options = {}) {
    this.title = title;
    this.options = options;
    this.holder = el("div", { class: "chart", role: "img", "aria-label": title });
    /** @type {Curve[]} */
    this.curves = [];
    this.shape = "";
    this.due = false;
    /** @type {any} */
    this.plot = null;
    new ResizeObserver(() => this.plot && this.plot.setSize(this.size())).observe(this.holder);
  }

  size() { return { width: Math.max(200, this.holder.clientWidth), height: this.options.height || 230 }; }

  /** @param {Curve[]} curves */
  show(curves) {
    this.curves = curves;
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => { this.due = false; this.draw(); });
  }

  draw() {
    if (!this.holder.isConnected) return;
    if (!this.curves.some((one) => !one.dash && one.points.some((point) => point[1] != null))) { // axes without a curve say nothing
      this.plot?.destroy();
      this.plot = null;
      fill(this.holder, this.options.empty ? el("p", { class: "small faint" }, this.options.empty) : null);
      return;
    }
    if (!this.plot) fill(this.holder);
    const x = [...new Set(this.curves.flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b);
    const columns = [x, ...this.curves.map((one) => {
      const at = new Map(one.points);
      if (one.dash && one.points.length) return x.map(() => one.points[0][1]);
      return x.map((value) => (at.has(value) ? at.get(value) : undefined));
    })];
    const shape = JSON.stringify([this.curves.map((one) => [one.label, one.color, one.dash, one.points.length < 3]), document.documentElement.dataset.theme]);
    if (this.plot && shape === this.shape) this.plot.setData(columns);
    else this.make(columns, shape);
    this.holder.setAttribute("aria-label", `${this.title}: ${this.curves.slice(0, 8).map((one) => `${one.label} ${this.say(one.points.at(-1)?.[1])}`).join(", ")}`);
  }

  /** @param {number|null|undefined} value */
  say(value) { return value == null ? "–" : this.options.percent ? `${+(100 * value).toFixed(2)} %` : short(value); }

  /** @param {any[]} columns @param {string} shape */
  make(columns, shape) {
    this.plot?.destroy();
    this.shape = shape;
    const axis = { stroke: color("--faint"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
    const powers = (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((t) => (Math.abs(Math.log10(t) - Math.round(Math.log10(t))) < 1e-9 ? short(t) : null));
    // @ts-ignore the library is a global
    this.plot = new uPlot({
      ...this.size(), title: this.title, legend: { live: false, show: this.options.legend !== false && this.curves.length > 1 && this.curves.length < 9 }, cursor: { show: true },
      scales: { x: { time: false }, y: this.options.log ? { distr: 3 } : { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => {
        const pad = (high - low || Math.abs(high) || 1) * 0.08; return [low - pad, high + pad]; } } },
      series: [{ label: this.options.x || "step" }, ...this.curves.map((one) => ({
        label: one.label, stroke: color(one.color), width: one.width || 2, dash: one.dash ? [6, 4] : undefined, spanGaps: true,
        ...(!one.dash && one.points.length < 3 ? { points: { show: true }, paths: () => null } : { points: { show: false } }) }))], // two points are no course
      axes: [{ ...axis, size: 36, space: 60, ...(this.options.whole ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] } : {}) }, { ...axis, size: 62, values: this.options.log ? powers : (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((t) => this.say(t)) }],
    }, columns, this.holder);
  }
}
