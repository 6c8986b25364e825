// @ts-check
/** One line at the top for what went wrong. It goes by itself. */
let timer = 0;

/** @param {string} words */
export function notice(words) {
  const line = /** @type {HTMLElement} */ (document.getElementById("notice"));
  line.textContent = words;
  line.hidden = !words;
  clearTimeout(timer);
  timer = window.setTimeout(() => { line.hidden = true; }, 9000);
}
