// The device's worker, driven from a test: window.device.ask("start" | "photo" | …).
window.device = {
  notes: [],
  count: 0,
  asked: new Map(),
  open(url) {
    this.worker = new Worker(url, { type: "module" });
    this.worker.onmessage = ({ data: { id, answer, error, note } }) => {
      if (note) this.notes.push(note);
      const asked = this.asked.get(id);
      if (!asked) return;
      this.asked.delete(id);
      error ? asked.reject(new Error(`${error.code}: ${error.message}`)) : asked.resolve(answer);
    };
    this.worker.onerror = (event) => this.asked.forEach(({ reject }) => reject(new Error(event.message || "the worker failed")));
  },
  ask(what, given = {}, moved = []) {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.worker.postMessage({ id, what, ...given }, moved);
    });
  },
  async start(backend, model = "") {
    const offer = JSON.parse(document.getElementById("device-offer").textContent);
    this.open(offer.worker);
    return this.ask("start", { offer, model, backend });
  },
  /** Pictures as a camera's frames, over and over; what TF.js then holds. */
  async film(pictures, count, model = "") {
    const shown = await Promise.all(pictures.map((base64) => createImageBitmap(this.png(base64))));
    for (let i = 0; i < count; i++) {
      const bitmap = await createImageBitmap(shown[Math.floor(i / 2) % shown.length]);
      await this.ask("frame", { bitmap, model }, [bitmap]);
    }
    return this.ask("memory");
  },
  /** A picture's reading. */
  async read(base64, longSides, model = "") {
    return this.ask("photo", { blob: this.png(base64), model, longSides });
  },
  png: (base64) => new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type: "image/png" }),
};
