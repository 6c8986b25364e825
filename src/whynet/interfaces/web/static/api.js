// @ts-check
/** The server: every request that changes something carries the token of the address that was printed. */
import { notice } from "./notice.js";

const KEY = "whynet-token";
export const SILENT = "The server does not answer. Is whynet serve still running? Runs are kept: start it again, and open the address that it prints.";

/** What the server would not do; it has been said at the top of the page already. */
export class Refusal extends Error {}
addEventListener("unhandledrejection", (event) => { if (event.reason instanceof Refusal) event.preventDefault(); });

/** Takes the token out of the address, where it would be seen by whoever looks over a shoulder. */
export function takeToken() {
  const found = /^#token=([\w-]+)/.exec(location.hash);
  if (!found) return;
  sessionStorage.setItem(KEY, found[1]);
  history.replaceState(null, "", location.pathname + (sessionStorage.getItem("whynet-last") || "#draw"));
}

/** @param {string} path @param {RequestInit} [options] @param {boolean} [quiet] */
async function ask(path, options = {}, quiet = false) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    notice(SILENT);
    throw new Refusal("no answer");
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const error = told.error || { message: `the server said ${response.status}` };
  const words = sentence(error);
  if (!quiet) notice(words);
  throw new Refusal(words);
}

/** @param {{message: string, expected?: string, found?: string, do?: string}} error */
export function sentence(error) {
  const details = [error.expected && `expected ${error.expected}`, error.found && `found ${error.found}`].filter(Boolean).join("; ");
  const said = `${error.message}${details ? ` (${details})` : ""}.${error.do ? ` ${error.do}.` : ""}`;
  return said[0].toUpperCase() + said.slice(1);
}

/** @param {string} path @returns {Promise<any>} */
export const get = async (path) => (await ask(path)).json();

/** @param {string} path @param {any} body @param {boolean} [quiet] @returns {Promise<any>} */
export const post = async (path, body, quiet) => (await ask(path, {
  method: "POST", headers: { "content-type": "application/json", "x-whynet-token": sessionStorage.getItem(KEY) || "" },
  body: JSON.stringify(body),
}, quiet)).json();

/** @param {File} file @returns {Promise<{key: string, kind: string, name: string}>} */
export const upload = async (file) => (await ask(`/api/upload?name=${encodeURIComponent(file.name)}`, {
  method: "POST", headers: { "content-type": "application/octet-stream", "x-whynet-token": sessionStorage.getItem(KEY) || "" }, body: file,
})).json();

/** @param {string} to Saves an export as a file. */
export async function download(to) {
  const response = await ask(`/api/export/${to}`);
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") || "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name ? name[1] : to;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return link.download;
}
