// What runs the networks on this device: WebGPU, else WebGL, else WebAssembly. Each is fetched only when it is tried.

import { env, getBackend, ready, setBackend } from "@tensorflow/tfjs-core";
import simdUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";
import threadedUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm";
import plainUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm";

/** @typedef {"webgpu" | "webgl" | "wasm"} Backend */
/** @typedef {{backend: Backend, reason: string}} Refusal */

export const ORDER = /** @type {Backend[]} */ (["webgpu", "webgl", "wasm"]);
const CORES = 4; // from which threads pay: TF.js computes with half the cores, and starts eight workers for it
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Nothing here can run a network. */
export class NoBackend extends Error {
  /** @param {Refusal[]} refused */
  constructor(refused) {
    super(`This browser can run no network: ${refused.map(({ reason }) => reason).join("; ")}. Read on the server instead.`);
    this.name = "NoBackend";
    this.refused = refused;
  }
}

/** It would run, without a graphics chip: slower than WebAssembly, better than nothing. */
class Slow extends Error {}

/**
 * Start the wanted backend, or the first of the others that works; a slow one if it is asked for or nothing else works.
 * @param {Backend | "auto"} wanted
 * @param {Backend[]} [failed]  those that broke down before
 * @returns {Promise<{backend: Backend, details: string, refused: Refusal[]}>}
 * @throws {NoBackend}
 */
export async function start(wanted, failed = []) {
  /** @type {Refusal[]} */
  const refused = failed.map((backend) => ({ backend, reason: `${backend} broke down` }));
  const order = (wanted === "auto" ? ORDER : [wanted, ...ORDER.filter((one) => one !== wanted)]).filter((one) => !failed.includes(one));
  /** @type {Backend[]} */
  const slow = [];
  for (const backend of order) {
    try {
      return { backend, details: await STARTS[backend](backend === wanted), refused };
    } catch (error) {
      if (error instanceof Slow) slow.push(backend);
      refused.push({ backend, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  for (const backend of slow) {
    const details = await STARTS[backend](true).catch(() => "");
    if (details) return { backend, details, refused };
  }
  throw new NoBackend(refused);
}

/** @param {Backend} backend */
async function activate(backend) {
  // A backend that fails to start leaves another in its place without a word, so the name is looked at.
  if (!(await setBackend(backend).catch(() => false))) throw new Error(`${backend} did not start`);
  await ready();
  if (getBackend() !== backend) throw new Error(`${backend} did not start`);
}

/** Each starts one backend and says how it runs; rejects with the reason why not. @type {Record<Backend, (asked: boolean) => Promise<string>>} */
const STARTS = {
  async webgpu(asked) {
    // TypeScript's library does not know WebGPU yet.
    const gpu = /** @type {any} */ (navigator).gpu;
    const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
    if (!adapter) throw new Error("this browser has no WebGPU");
    const name = [adapter.info?.vendor, adapter.info?.architecture, adapter.info?.description].filter(Boolean).join(" ");
    if (!asked && (adapter.info?.isFallbackAdapter || adapter.isFallbackAdapter || SOFTWARE.test(name))) throw new Slow("WebGPU has no graphics chip behind it");
    await import("@tensorflow/tfjs-backend-webgpu");
    await activate("webgpu");
    return name ? `WebGPU (${name})` : "WebGPU";
  },

  async webgl(asked) {
    const context = new OffscreenCanvas(1, 1).getContext("webgl2");
    if (!context) throw new Error("this browser has no WebGL 2");
    const extension = context.getExtension("WEBGL_debug_renderer_info");
    const renderer = String(context.getParameter(extension ? extension.UNMASKED_RENDERER_WEBGL : context.RENDERER));
    context.getExtension("WEBGL_lose_context")?.loseContext();
    if (!asked && SOFTWARE.test(renderer)) throw new Slow("WebGL has no graphics chip behind it");
    await import("@tensorflow/tfjs-backend-webgl");
    await activate("webgl");
    return "WebGL";
  },

  async wasm() {
    if (typeof WebAssembly === "undefined") throw new Error("this browser has no WebAssembly");
    const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    const here = (/** @type {string} */ url) => new URL(url, import.meta.url).href;
    setWasmPaths({
      "tfjs-backend-wasm.wasm": here(plainUrl), "tfjs-backend-wasm-simd.wasm": here(simdUrl), "tfjs-backend-wasm-threaded-simd.wasm": here(threadedUrl),
    });
    const threads = crossOriginIsolated && navigator.hardwareConcurrency >= CORES;
    if (!threads) env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    await activate("wasm");
    return threads ? "WebAssembly, with threads" : "WebAssembly";
  },
};
