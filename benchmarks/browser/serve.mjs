// Serves the pages and models of the compared libraries, with the same compression as the Emoscope site.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { brotliCompressSync } from "node:zlib";

const HERE = import.meta.dirname;
const FOLDERS = {
  "/human/": join(HERE, "node_modules/@vladmandic/human"), "/face-api/": join(HERE, "node_modules/@vladmandic/face-api"),
  "/wasm/": join(HERE, "../../node_modules/@tensorflow/tfjs-backend-wasm/dist"), "/": HERE,
};
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };
const compressed = new Map();

const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const [prefix, folder] = Object.entries(FOLDERS).find(([prefix]) => path.startsWith(prefix));
  try {
    const file = join(folder, normalize("/" + path.slice(prefix.length)));
    if (!compressed.has(file)) compressed.set(file, brotliCompressSync(await readFile(file)));
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Content-Encoding": "br", "Cache-Control": "no-cache" });
    response.end(compressed.get(file));
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
