// Undo and redo: the last changes, each of which can be reversed and repeated.

/**
 * @typedef {object} Change
 * @property {string} label  such as "remove 3 photos"
 * @property {() => void | Promise<void>} redo
 * @property {() => void | Promise<void>} undo
 */

const LIMIT = 100; // changes; an older one cannot be undone

export class History {
  /** Called after every change. @type {() => void} */
  onChange = () => {};
  /** @type {Change[]} */
  #done = [];
  /** @type {Change[]} the next one to repeat last */
  #undone = [];
  /** @type {Promise<unknown>} undo and redo wait for the change before them */
  #last = Promise.resolve();

  /** Label of the change that is undone next, "" if there is none. */
  get undoable() {
    return this.#done.at(-1)?.label ?? "";
  }

  get redoable() {
    return this.#undone.at(-1)?.label ?? "";
  }

  /** Make a change. @param {Change} change */
  async run(change) {
    this.#done.push(change);
    this.#done.splice(0, this.#done.length - LIMIT);
    this.#undone = [];
    const work = change.redo();
    this.#last = Promise.allSettled([this.#last, work]);
    this.onChange();
    await work;
  }

  /** @returns {Promise<string>} label of the change, "" if there is none */
  undo() {
    return this.#move(() => [this.#done, this.#undone], "undo");
  }

  /** @returns {Promise<string>} label of the change, "" if there is none */
  redo() {
    return this.#move(() => [this.#undone, this.#done], "redo");
  }

  /** @param {() => [Change[], Change[]]} lists  from and to  @param {"undo" | "redo"} action  @returns {Promise<string>} */
  #move(lists, action) {
    const work = this.#last.then(async () => {
      const [from, to] = lists();
      const change = from.pop();
      if (!change) return "";
      to.push(change);
      await change[action]();
      this.onChange();
      return change.label;
    });
    this.#last = work.catch(() => {});
    return work;
  }
}
