// Where faces are read: on the server or on this device. The choice is in the address, for the page is then served
// with a policy of its own under which it can send nothing (webapp/pages/on_device.py).

import { readOffer } from "../device/offer.js";

/** @typedef {import("../device/backends.js").Backend | "auto"} Wish */
/** @typedef {"server" | "device"} Place */

/** @type {[Wish, string][]} */
const WAYS = [["auto", "best one"], ["webgpu", "WebGPU"], ["webgl", "WebGL"], ["wasm", "WebAssembly"]];

/** @returns {Place} */
export const place = () => (new URLSearchParams(location.search).get("on") === "device" ? "device" : "server");

/** What to compute with, as the address says. @returns {Wish} */
export const wish = () => WAYS.find(([name]) => name === new URLSearchParams(location.search).get("backend"))?.[0] ?? "auto";

/** This page's address with changes. @param {Record<string, string | null>} changes  null: leave out */
export function addressWith(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value === null ? query.delete(name) : query.set(name, value);
  return location.pathname + (query.size ? `?${query}` : "");
}

/** A view's query with where faces are read, which no view changes. @param {string} query  "" or "?…" */
export function keepPlace(query) {
  const now = new URLSearchParams(location.search), changed = new URLSearchParams(query);
  for (const name of ["on", "backend"]) if (now.has(name)) changed.set(name, now.get(name) ?? "");
  return changed.size ? `?${changed}` : "";
}

/** The switch between the two, and on the device the choice of what computes. */
export class WhereSwitch {
  #words = make("p", "where-words quiet small");
  #lines = new Map();

  /** @param {HTMLElement} element  is filled and shown; stays hidden where the server offers nothing for the device */
  constructor(element) {
    if (!readOffer()) return;
    const links = make("span", "where-links");
    links.setAttribute("role", "group");
    links.setAttribute("aria-label", "Where faces are read");
    links.append(this.#link("server", "On the server"), this.#link("device", "On this device"));
    element.append(links);
    if (place() === "device") element.append(this.#ways(), this.#words);
    this.#words.setAttribute("role", "status");
    element.hidden = false;
  }

  /** @param {Place} where  @param {string} words */
  #link(where, words) {
    const link = /** @type {HTMLAnchorElement} */ (make("a", "", words));
    link.href = addressWith({ on: where === "device" ? "device" : null, backend: null });
    if (where === place()) link.setAttribute("aria-current", "true");
    return link;
  }

  #ways() {
    const label = make("label", "", "Compute with ");
    const select = document.createElement("select");
    select.id = "backend";
    select.append(...WAYS.map(([name, words]) => new Option(words, name, false, name === wish())));
    select.addEventListener("change", () => location.assign(addressWith({ backend: select.value === "auto" ? null : select.value })));
    label.append(select);
    return label;
  }

  /** Say something under the switch; what was said of the same subject goes. @param {string} subject  @param {string} words */
  say(subject, words) {
    this.#lines.set(subject, words);
    this.#words.textContent = [...this.#lines.values()].filter(Boolean).join(" ");
  }

  /** How the device computes, and why not otherwise. @param {import("../device/reader.js").Running} running */
  tell({ details, refused }) {
    this.say("running", `Computed by ${details}${refused.length ? ` (${refused.map(({ reason }) => reason).join("; ")})` : ""}.`);
  }
}

/** @param {string} tag  @param {string} className  @param {string} [text] */
function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
