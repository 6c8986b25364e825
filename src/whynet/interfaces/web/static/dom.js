// @ts-check
/** Elements, made in one line. Text is text: nothing is ever parsed as HTML. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `on*` handlers, attributes
 * @param {...(Node|string|number|null|undefined|false)} children
 * @returns {HTMLElement & Record<string, any>}
 */
export function el(tag, properties = {}, ...children) {
  /** @type {HTMLElement & Record<string, any>} */
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  fill(made, ...children);
  return made;
}

/** @param {Element} parent @param {...(Node|string|number|null|undefined|false)} children */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((one) => one != null && one !== false).map((one) => (one instanceof Node ? one : String(one))));
  return parent;
}

/** Calls back when what has been changed by now is on the screen. @param {() => void} then */
export function painted(then) {
  requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = then;
    after.port2.postMessage(null);
  });
}

/** @param {string} words @param {HTMLElement & Record<string, any>} input */
export const field = (words, input) => el("label", { class: "field" }, words, input);

/** @param {Array<string|[string, string]>} choices @param {string} chosen @param {(value: string) => void} changed @param {Record<string, any>} [more] */
export function select(choices, chosen, changed, more = {}) {
  const made = el("select", { ...more, onchange: () => changed(made.value) });
  for (const one of choices) {
    const [value, words] = Array.isArray(one) ? one : [one, one];
    made.append(el("option", { value, selected: value === chosen }, words));
  }
  return made;
}

/** @param {number|null|undefined} share */
export const percent = (share) => (share == null ? "–" : `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`);

/** @param {number|null|undefined} value */
export const short = (value) => (value == null || !isFinite(value) ? "–" : String(+value.toPrecision(4)));
