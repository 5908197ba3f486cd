// The inference location: on the server or on this device. It is part of the URL, because the server sends a page
// for the
// device with a stricter Content-Security-Policy, under which the page can send nothing (webapp/pages/on_device.py).

import { readOffer } from "../device/reader.js";
import { make } from "./dom.js";
import { translate } from "./language.js";

/** @typedef {import("../device/backends.js").Backend | "auto"} BackendChoice */
/** @typedef {"server" | "device"} Location */

/** @type {[BackendChoice, string][]} */
const BACKENDS = [["auto", translate("best available")], ["webgpu", "WebGPU"], ["webgl", "WebGL"], ["wasm", "WebAssembly"]];

/** @returns {Location} */
export const inferenceLocation = () => (new URLSearchParams(location.search).get("on") === "device" ? "device" : "server");

/** The backend that the URL requests. @returns {BackendChoice} */
export const backendChoice = () => BACKENDS.find(([name]) => name === new URLSearchParams(location.search).get("backend"))?.[0] ?? "auto";

/** This page's URL with changed parameters. @param {Record<string, string | null>} changes  null removes a parameter */
export function addressWith(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value === null ? query.delete(name) : query.set(name, value);
  return location.pathname + (query.size ? `?${query}` : "");
}

/** Adds the current inference location to the query of a view. @param {string} query  "" or "?…" */
export function withLocation(query) {
  const current = new URLSearchParams(location.search), changed = new URLSearchParams(query);
  for (const name of ["on", "backend"]) if (current.has(name)) changed.set(name, current.get(name) ?? "");
  return changed.size ? `?${changed}` : "";
}

/** The switch between server and device; on the device also the choice of the backend. */
export class LocationSwitch {
  #status = make("p", "location-status quiet small");
  /** @type {Map<string, string>} topic -> text */
  #texts = new Map();

  /** @param {HTMLElement} element  filled and shown; stays hidden if the server offers no networks for the device */
  constructor(element) {
    if (!readOffer()) return;
    const links = make("span", "location-links");
    links.setAttribute("role", "group");
    links.setAttribute("aria-label", translate("Inference location"));
    links.append(this.#link("server", translate("On the server")), this.#link("device", translate("On this device")));
    element.append(links);
    if (inferenceLocation() === "device") element.append(this.#backends(), this.#status);
    this.#status.setAttribute("role", "status");
    element.hidden = false;
  }

  /** @param {Location} target  @param {string} label */
  #link(target, label) {
    const link = /** @type {HTMLAnchorElement} */ (make("a", "", label));
    const point = () => (link.href = addressWith({ on: target === "device" ? "device" : null, backend: null }));
    point();
    for (const event of ["focus", "pointerenter"]) link.addEventListener(event, point); // the page may have changed its parameters
    if (target === inferenceLocation()) link.setAttribute("aria-current", "true");
    return link;
  }

  #backends() {
    const label = make("label", "", `${translate("Backend")} `);
    const select = document.createElement("select");
    select.id = "backend";
    select.append(...BACKENDS.map(([name, title]) => new Option(title, name, false, name === backendChoice())));
    select.addEventListener("change", () => location.assign(addressWith({ backend: select.value === "auto" ? null : select.value })));
    label.append(select);
    return label;
  }

  /** Shows a text under the switch; it replaces the previous text of the same topic. @param {string} topic  @param {string} text */
  setStatus(topic, text) {
    this.#texts.set(topic, text);
    this.#status.textContent = [...this.#texts.values()].filter(Boolean).join(" ");
  }

  /** Shows which backend runs, and why others do not. @param {import("../device/reader.js").Running} running */
  showBackend({ details, refused }) {
    const reasons = refused.map(({ reason }) => reason).join("; ");
    this.setStatus("backend", reasons ? translate("Running on {backend} ({reasons}).", { backend: details, reasons }) : translate("Running on {backend}.", { backend: details }));
  }
}
