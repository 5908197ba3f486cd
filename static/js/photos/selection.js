// Which photos are selected: one by one, or a range with Shift. Pure.

/** @typedef {import("./facts.js").Photo} Photo */

export class Selection {
  /** @type {Set<string>} */
  ids = new Set();
  #anchor = -1;

  /** @param {Photo[]} shown  @param {number} index  @param {boolean} range  from the last one chosen to this one */
  toggle(shown, index, range) {
    const on = !this.ids.has(shown[index].id);
    const [from, to] = range && this.#anchor >= 0 ? [this.#anchor, index].sort((a, b) => a - b) : [index, index];
    for (const { id } of shown.slice(from, to + 1)) this.set(id, range || on);
    this.#anchor = index;
  }

  /** @param {string} id  @param {boolean} on */
  set(id, on) {
    if (on) this.ids.add(id);
    else this.ids.delete(id);
  }

  /** @param {Photo[]} shown */
  all(shown) {
    for (const { id } of shown) this.ids.add(id);
  }

  clear() {
    this.ids.clear();
    this.#anchor = -1;
  }

  /** @param {Photo[]} shown  @returns {Photo[]} the selected ones that are shown, or all shown when none is selected */
  of(shown) {
    const chosen = shown.filter(({ id }) => this.ids.has(id));
    return chosen.length ? chosen : shown;
  }
}
