// Drives the device worker from a test: window.device.request("start" | "photo" | …).
window.device = {
  notes: [],
  count: 0,
  pending: new Map(),
  open(url) {
    this.worker = new Worker(url, { type: "module" });
    this.worker.onmessage = ({ data: { id, result, error, note } }) => {
      if (note) this.notes.push(note);
      const pending = this.pending.get(id);
      if (!pending) return;
      this.pending.delete(id);
      error ? pending.reject(new Error(`${error.code}: ${error.message}`)) : pending.resolve(result);
    };
    this.worker.onerror = (event) => this.pending.forEach(({ reject }) => reject(new Error(event.message || "the worker failed")));
  },
  request(command, parameters = {}, transferred = []) {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, command, ...parameters }, transferred);
    });
  },
  async start(backend, model = "") {
    const offer = JSON.parse(document.getElementById("device-offer").textContent);
    this.open(offer.worker);
    return this.request("start", { offer, model, backend });
  },
  /** Reads the images repeatedly as camera frames; returns the memory of TF.js. */
  async readFrames(images, count, model = "") {
    const bitmaps = await Promise.all(images.map((base64) => createImageBitmap(this.png(base64))));
    for (let i = 0; i < count; i++) {
      const bitmap = await createImageBitmap(bitmaps[Math.floor(i / 2) % bitmaps.length]);
      await this.request("frame", { bitmap, model }, [bitmap]);
    }
    return this.request("memory");
  },
  /** The result for one image. */
  async read(base64, longSides, model = "") {
    return this.request("photo", { blob: this.png(base64), model, longSides });
  },
  png: (base64) => new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type: "image/png" }),
};
