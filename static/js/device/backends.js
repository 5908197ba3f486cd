// The TF.js backends on this device: WebGPU, else WebGL, else WebAssembly. Each is downloaded only when it is tried.

import { env, getBackend, ready, setBackend } from "@tensorflow/tfjs-core";
import simdUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";
import threadedUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm";
import plainUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm";
import { translate } from "../ui/language.js";

/** @typedef {"webgpu" | "webgl" | "wasm"} Backend */
/** @typedef {{backend: Backend, reason: string}} Refusal */

const ORDER = /** @type {Backend[]} */ (["webgpu", "webgl", "wasm"]);
const CORES = 4; // from this number on, threads pay off: TF.js uses half of the cores and starts eight workers
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** No backend runs in this browser. */
export class NoBackend extends Error {
  /** @param {Refusal[]} refused */
  constructor(refused) {
    super(translate("No backend runs in this browser: {reasons}. Switch to the server.", { reasons: refused.map(({ reason }) => reason).join("; ") }));
    this.name = "NoBackend";
    this.refused = refused;
  }
}

/** The backend has no GPU: slower than WebAssembly, a last resort. */
class NoGpu extends Error {}

/**
 * Start the requested backend, or else the first that works. One without a GPU is used only if requested or if nothing else works.
 * @param {Backend | "auto"} requested
 * @param {Backend[]} [failed]  backends that failed before
 * @returns {Promise<{backend: Backend, details: string, refused: Refusal[]}>}
 * @throws {NoBackend}
 */
export async function start(requested, failed = []) {
  /** @type {Refusal[]} */
  const refused = failed.map((backend) => ({ backend, reason: translate("{backend} failed", { backend }) }));
  const order = (requested === "auto" ? ORDER : [requested, ...ORDER.filter((one) => one !== requested)]).filter((one) => !failed.includes(one));
  /** @type {Backend[]} */
  const withoutGpu = [];
  for (const backend of order) {
    try {
      return { backend, details: await STARTERS[backend](backend === requested), refused };
    } catch (error) {
      if (error instanceof NoGpu) withoutGpu.push(backend);
      refused.push({ backend, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  for (const backend of withoutGpu) {
    const details = await STARTERS[backend](true).catch(() => "");
    if (details) return { backend, details, refused };
  }
  throw new NoBackend(refused);
}

/** @param {Backend} backend */
async function activate(backend) {
  // If a backend fails to start, TF.js silently activates another one, so check the name.
  if (!(await setBackend(backend).catch(() => false))) throw new Error(translate("{backend} did not start", { backend }));
  await ready();
  if (getBackend() !== backend) throw new Error(translate("{backend} did not start", { backend }));
}

/** Each starts one backend and returns a description of it; rejects with the reason. @type {Record<Backend, (requested: boolean) => Promise<string>>} */
const STARTERS = {
  async webgpu(requested) {
    // TypeScript's DOM library does not declare WebGPU yet.
    const gpu = /** @type {any} */ (navigator).gpu;
    const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
    if (!adapter) throw new Error(translate("this browser has no WebGPU"));
    const name = [adapter.info?.vendor, adapter.info?.architecture, adapter.info?.description].filter(Boolean).join(" ");
    if (!requested && (adapter.info?.isFallbackAdapter || adapter.isFallbackAdapter || SOFTWARE.test(name))) throw new NoGpu(translate("WebGPU has no GPU"));
    await import("@tensorflow/tfjs-backend-webgpu");
    await activate("webgpu");
    return name ? `WebGPU (${name})` : "WebGPU";
  },

  async webgl(requested) {
    const context = new OffscreenCanvas(1, 1).getContext("webgl2");
    if (!context) throw new Error(translate("this browser has no WebGL 2"));
    const extension = context.getExtension("WEBGL_debug_renderer_info");
    const renderer = String(context.getParameter(extension ? extension.UNMASKED_RENDERER_WEBGL : context.RENDERER));
    context.getExtension("WEBGL_lose_context")?.loseContext();
    if (!requested && SOFTWARE.test(renderer)) throw new NoGpu(translate("WebGL has no GPU"));
    await import("@tensorflow/tfjs-backend-webgl");
    await activate("webgl");
    return "WebGL";
  },

  async wasm() {
    if (typeof WebAssembly === "undefined") throw new Error(translate("this browser has no WebAssembly"));
    const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    const absolute = (/** @type {string} */ url) => new URL(url, import.meta.url).href;
    setWasmPaths({
      "tfjs-backend-wasm.wasm": absolute(plainUrl), "tfjs-backend-wasm-simd.wasm": absolute(simdUrl), "tfjs-backend-wasm-threaded-simd.wasm": absolute(threadedUrl),
    });
    const threads = crossOriginIsolated && navigator.hardwareConcurrency >= CORES;
    if (!threads) env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    await activate("wasm");
    return threads ? translate("WebAssembly with threads") : "WebAssembly";
  },
};
