// @ts-check
/** What the server's jobs say, as it comes; after a reload all of it comes once more. */
import { post, SILENT } from "./api.js";
import { notice } from "./notice.js";

/** @typedef {{number: number, kind: string, title: string, state: string, log: any[], order: any}} Job */

/** @type {Map<number, Job>} */
export const jobs = new Map();
/** @type {Set<(job: Job, message: any) => void>} */
const listeners = new Set();
/** @type {Set<() => void>} */
const after = new Set();
const REPLACED = new Set(["masks", "masks-sound", "masks-ill", "progress", "network", "paused", "running"]);
const STATES = { queued: "waiting", started: "running", paused: "paused", running: "running" };

/** Begins to listen. */
export function listen() {
  const source = new EventSource("/api/events");
  let lost = 0;
  source.onopen = () => { if (lost) notice(""); clearTimeout(lost); lost = 0; };
  source.onerror = () => { lost = lost || window.setTimeout(() => notice(SILENT), 3000); };
  source.onmessage = (event) => {
    for (const message of JSON.parse(event.data)) hear(message);
    for (const one of after) one();
  };
}

/** @param {any} message */
function hear(message) {
  if (message.kind === "queued") {
    jobs.set(message.job, { number: message.job, kind: message.what, title: message.title, state: "waiting", log: [], order: message.order });
  }
  const job = jobs.get(message.job);
  if (!job) return;
  if (message.kind === "end") job.state = message.state;
  else job.state = STATES[/** @type {keyof typeof STATES} */ (message.kind)] || job.state;
  if (REPLACED.has(message.kind)) job.log = job.log.filter((one) => one.kind !== message.kind);
  job.log.push(message);
  for (const one of listeners) one(job, message);
}

/**
 * Calls back for every message, and once for each bundle of them. @returns a function that ends it
 * @param {(job: Job, message: any) => void} each @param {() => void} [bundle]
 */
export function follow(each, bundle = () => {}) {
  listeners.add(each);
  after.add(bundle);
  return () => { listeners.delete(each); after.delete(bundle); };
}

/** @param {Job} job @param {string} kind The last message of a kind. */
export const last = (job, kind) => job.log.findLast((one) => one.kind === kind);
/** @param {Job} job @param {string} kind */
export const all = (job, kind) => job.log.filter((one) => one.kind === kind);
/** @param {Job} job */
export const over = (job) => ["done", "failed", "stopped"].includes(job.state);
/** @param {number} number @param {string} verb */
export const control = (number, verb) => post(`/api/jobs/${number}`, { verb });
