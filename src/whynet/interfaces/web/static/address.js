// @ts-check
/** What stands in the address after #: the view and its state, so that it can be reloaded and shared. */

/** @returns {{view: string, state: Record<string, string>}} */
export function read() {
  const [view, query] = location.hash.slice(1).split("?");
  return { view: view || "draw", state: Object.fromEntries(new URLSearchParams(query || "")) };
}

/** @param {string} view @param {Record<string, string|number|null|undefined>} state */
export function write(view, state) {
  const told = Object.entries(state).filter(([, value]) => value != null && value !== "");
  const query = new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString();
  const hash = `#${view}${query ? `?${query}` : ""}`;
  if (hash === location.hash) return; // a stroke asks for the same one many times in a second
  history.replaceState(null, "", hash);
  sessionStorage.setItem("whynet-last", hash);
}
