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
  /** A picture's reading. */
  async read(base64, longSides, model = "") {
    const blob = new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type: "image/png" });
    return this.ask("photo", { blob, model, longSides });
  },
};
