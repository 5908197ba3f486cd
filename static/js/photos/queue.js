// A queue of asynchronous tasks with limited concurrency, pause, cancel, retry and progress.

/**
 * @typedef {object} Task
 * @property {string} id
 * @property {"waiting" | "running" | "done" | "failed" | "cancelled"} state
 * @property {number} progress  0-1
 * @property {any} item     input of the work
 * @property {any} [error]  reason of the failure
 * @property {AbortController} [abort]
 */
/** @typedef {{waiting: number, running: number, done: number, failed: number, cancelled: number, total: number, progress: number}} Totals */

export class Queue {
  paused = false;
  /** @type {Map<string, Task>} */
  tasks = new Map();
  /** @type {Task[]} */
  #waiting = [];
  #head = 0; // start of #waiting; shifting an array of thousands at each step would be slow
  #counts = { waiting: 0, running: 0, done: 0, failed: 0, cancelled: 0 };
  #work;
  #width;
  #onChange;

  /**
   * @param {(item: any, options: {signal: AbortSignal, onProgress: (fraction: number) => void}) => Promise<void>} work
   * @param {{width?: number, onChange?: (task: Task) => void}} [options]  `width`: maximum number of running tasks
   */
  constructor(work, { width = 2, onChange = () => {} } = {}) {
    this.#work = work;
    this.#width = width;
    this.#onChange = onChange;
  }

  /** @param {string} id  @param {any} item  @returns {boolean} false if it is already waiting or running */
  add(id, item) {
    const existing = this.tasks.get(id);
    if (existing && (existing.state === "waiting" || existing.state === "running")) return false;
    if (existing) this.#counts[existing.state] -= 1;
    /** @type {Task} */
    const task = { id, item, state: "waiting", progress: 0 };
    this.tasks.set(id, task);
    this.#counts.waiting += 1;
    this.#waiting.push(task);
    this.#onChange(task);
    this.#next();
    return true;
  }

  pause() {
    this.paused = true;
  }

  resume() {
    this.paused = false;
    this.#next();
  }

  /** @param {string} [id]  one task; if omitted, every unfinished task */
  cancel(id) {
    const tasks = id === undefined ? [...this.tasks.values()] : [this.tasks.get(id)];
    for (const task of tasks) {
      if (task?.state === "running") task.abort?.abort();
      if (task?.state === "waiting" || task?.state === "running") this.#enter(task, "cancelled");
    }
    this.#next();
  }

  /** @param {string} [id]  one task; if omitted, all that failed or were cancelled */
  retry(id) {
    const tasks = id === undefined ? [...this.tasks.values()] : [this.tasks.get(id)];
    for (const task of tasks) if (task?.state === "failed" || task?.state === "cancelled") this.add(task.id, task.item);
  }

  /** Remove finished tasks, so that the progress starts again. */
  clear() {
    for (const [id, task] of this.tasks) {
      if (task.state === "waiting" || task.state === "running") continue;
      this.#counts[task.state] -= 1;
      this.tasks.delete(id);
    }
  }

  /** @param {string} id  cancels and removes one task */
  remove(id) {
    this.cancel(id);
    const task = this.tasks.get(id);
    if (!task) return;
    this.#counts[task.state] -= 1;
    this.tasks.delete(id);
  }

  get idle() {
    return this.#counts.waiting + this.#counts.running === 0;
  }

  /** @returns {Totals} `progress`: finished fraction of all tasks, 0-1; running tasks count in part */
  get totals() {
    const total = this.tasks.size;
    let partial = 0;
    if (this.#counts.running) for (const task of this.running()) partial += task.progress;
    const finished = this.#counts.done + this.#counts.failed + this.#counts.cancelled;
    return { ...this.#counts, total, progress: total ? (finished + partial) / total : 0 };
  }

  /** @type {Set<Task>} */
  #running = new Set();

  /** @returns {Iterable<Task>} */
  running() {
    return this.#running;
  }

  #next() {
    while (!this.paused && this.#running.size < this.#width && this.#head < this.#waiting.length) {
      const task = this.#waiting[this.#head++];
      if (this.#head > 1000) this.#waiting.splice(0, this.#head), (this.#head = 0);
      if (task.state === "waiting" && this.tasks.get(task.id) === task) this.#run(task);
    }
  }

  /** @param {Task} task */
  async #run(task) {
    task.abort = new AbortController();
    this.#running.add(task);
    this.#enter(task, "running");
    const onProgress = (/** @type {number} */ fraction) => {
      task.progress = Math.min(1, Math.max(task.progress, fraction));
      this.#onChange(task);
    };
    try {
      await this.#work(task.item, { signal: task.abort.signal, onProgress });
      if (task.state === "running") this.#enter(task, "done");
    } catch (error) {
      task.error = error;
      if (task.state === "running") this.#enter(task, "failed");
    }
    this.#running.delete(task);
    if (task.state === "done") task.item = null; // releases the file
    this.#next();
  }

  /** @param {Task} task  @param {Task["state"]} state */
  #enter(task, state) {
    this.#counts[task.state] -= 1;
    this.#counts[state] += 1;
    task.state = state;
    if (state === "done") task.progress = 1;
    this.#onChange(task);
  }
}
