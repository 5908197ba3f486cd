// Serves the pages of the libraries compared with, and their models, compressed as well as our own site's files are.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { brotliCompressSync } from "node:zlib";

const HERE = import.meta.dirname;
const PLACES = {
  "/human/": join(HERE, "node_modules/@vladmandic/human"), "/face-api/": join(HERE, "node_modules/@vladmandic/face-api"),
  "/wasm/": join(HERE, "../../node_modules/@tensorflow/tfjs-backend-wasm/dist"), "/": HERE,
};
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };
const compressed = new Map();

const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const [prefix, folder] = Object.entries(PLACES).find(([prefix]) => path.startsWith(prefix));
  try {
    const place = join(folder, normalize("/" + path.slice(prefix.length)));
    if (!compressed.has(place)) compressed.set(place, brotliCompressSync(await readFile(place)));
    response.writeHead(200, { "Content-Type": TYPES[extname(place)] ?? "application/octet-stream", "Content-Encoding": "br", "Cache-Control": "no-cache" });
    response.end(compressed.get(place));
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
