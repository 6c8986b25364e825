// @ts-check
/** Light or dark: as the system has it, until the button is pressed. */
const KEY = "whynet-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** @param {() => void} changed */
export function theme(changed) {
  const show = () => { document.documentElement.dataset.theme = localStorage.getItem(KEY) || (system.matches ? "dark" : "light"); };
  show();
  system.addEventListener("change", () => { show(); changed(); });
  document.getElementById("theme")?.addEventListener("click", () => {
    localStorage.setItem(KEY, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    show();
    changed();
  });
}

/** @param {string} name A colour of the style sheet, such as --ink. */
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
