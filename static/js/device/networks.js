// The face detector and the expression network as functions on arrays, run by TF.js.

import { io, tensor, tidy } from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";

/** @typedef {import("@tensorflow/tfjs-converter").GraphModel} GraphModel */

/**
 * @param {ArrayBuffer} description  model.json  @param {ArrayBuffer} weights  weights.bin
 * @returns {Promise<{outputs: string[], run: (input: Float32Array, shape: number[], names: string[]) => Promise<Float32Array[]>, dispose: () => void}>}
 */
async function load(description, weights) {
  const { modelTopology, signature, weightsManifest } = JSON.parse(new TextDecoder().decode(description));
  const model = await loadGraphModel(io.fromMemory({ modelTopology, signature, weightSpecs: weightsManifest[0].weights, weightData: weights }));
  return {
    outputs: Object.keys(signature.outputs),
    async run(input, shape, names) {
      const outputs = tidy(() => {
        const found = model.execute({ image: tensor(input, shape, "float32") }, names.map((name) => signature.outputs[name].name));
        return Array.isArray(found) ? found : [found];
      });
      try {
        return /** @type {Float32Array[]} */ (await Promise.all(outputs.map((output) => output.data())));
      } finally {
        for (const output of outputs) output.dispose();
      }
    },
    dispose: () => model.dispose(),
  };
}

/** @param {ArrayBuffer} description  @param {ArrayBuffer} weights */
export async function loadDetector(description, weights) {
  const graph = await load(description, weights);
  /** @type {import("../vision/faces.js").Network} */
  const net = async (input, width, height) => {
    const [values, logits] = await graph.run(input, [1, height, width, 3], ["boxes", "scores"]);
    return { values, logits };
  };
  return { net, dispose: graph.dispose };
}

/** @param {ArrayBuffer} description  @param {ArrayBuffer} weights */
export async function loadExpressions(description, weights) {
  const graph = await load(description, weights);
  const names = ["logits", "distance"].filter((name) => graph.outputs.includes(name));
  /** @type {import("../vision/expressions.js").Network} */
  const network = async (crops, count, size) => {
    const [logits, distances] = await graph.run(crops, [count, size, size, 1], names);
    return { logits, distances };
  };
  return { network, dispose: graph.dispose };
}
