// The challenge: make ten of ten people say an expression. The rules, without the page. Pure.

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {"ready" | "countdown" | "playing" | "won" | "over"} Phase */
/** @typedef {{votes: number, time: number, face: number}} Best  time: ms since the round began */

export const GOAL = 10; // votes
export const COUNTDOWN = 3000; // ms
export const ROUND = 30_000; // ms

export class Challenge {
  /** @type {Phase} */
  phase = "ready";
  expression = "";
  /** Votes for the expression now, the most of any face. */
  votes = 0;
  /** @type {Best | null} of this round */
  best = null;
  /** The best round of each expression since the page was opened. @type {Map<string, Best>} */
  records = new Map();
  #begin = 0; // of the round, ms

  /** @param {string} expression  @param {number} now  ms */
  start(expression, now) {
    Object.assign(this, { phase: "countdown", expression, votes: 0, best: null });
    this.#begin = now + COUNTDOWN;
  }

  reset() {
    this.phase = "ready";
  }

  get running() {
    return this.phase === "countdown" || this.phase === "playing";
  }

  /** Move on with the time. @param {number} now  ms  @returns {boolean} whether the phase changed */
  tick(now) {
    if (this.phase === "countdown" && now >= this.#begin) return this.#enter("playing");
    if (this.phase === "playing" && now - this.#begin >= ROUND) return this.#enter("over");
    return false;
  }

  /** @param {number} now  ms  @returns {number} ms until the round begins, or until it ends */
  left(now) {
    return Math.max(0, this.phase === "countdown" ? this.#begin - now : this.#begin + ROUND - now);
  }

  /**
   * Count the votes of a result.
   * @param {Track[]} tracks  the faces in it  @param {number} now  ms
   * @returns {boolean} whether it is the best of this round
   */
  add(tracks, now) {
    if (this.phase !== "playing") return false;
    const counts = tracks.map(({ id, votes }) => ({ face: id, votes: votes?.[this.expression] ?? 0 })).sort((a, b) => b.votes - a.votes);
    this.votes = counts[0]?.votes ?? 0;
    if (this.votes <= (this.best?.votes ?? 0)) return false;
    this.best = { ...counts[0], time: now - this.#begin };
    if (this.votes >= GOAL) this.#enter("won");
    return true;
  }

  /** @param {Phase} phase */
  #enter(phase) {
    this.phase = phase;
    const record = this.records.get(this.expression);
    const { best } = this;
    if (!this.running && best && (!record || best.votes > record.votes || (best.votes === record.votes && best.time < record.time))) this.records.set(this.expression, best);
    return true;
  }
}
