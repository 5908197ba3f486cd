// What stands over the picture when there is none, or when there is something to say.

/** @typedef {{label: string, primary?: boolean, href?: string, act?: () => void}} Action */

export class Stage {
  /** @param {HTMLElement} element  holds the picture and the message */
  constructor(element) {
    this.element = element;
    this.#message = /** @type {HTMLElement} */ (element.querySelector(".stage-message"));
    this.#strip = /** @type {HTMLElement} */ (element.querySelector(".stage-strip"));
  }

  #message;
  #strip;

  /**
   * Cover the picture: a title, what is the matter, ways on.
   * @param {string} state  for CSS and tests, e.g. "refused"
   * @param {{title: string, text: string}} words  @param {Action[]} actions
   */
  say(state, words, actions = []) {
    this.element.dataset.state = state;
    const title = document.createElement("h2");
    title.textContent = words.title;
    const text = document.createElement("p");
    text.textContent = words.text;
    const row = document.createElement("p");
    row.className = "stage-actions";
    row.append(...actions.map(button));
    this.#message.replaceChildren(title, text, ...(actions.length ? [row] : []));
    this.#message.hidden = false;
  }

  /** Uncover the picture. @param {string} state */
  show(state) {
    this.element.dataset.state = state;
    this.#message.hidden = true;
  }

  /** One line at the foot of the picture, which goes on. @param {string} words  empty: nothing to say */
  remark(words) {
    if (this.#strip.textContent !== words) this.#strip.textContent = words;
    this.#strip.hidden = words === "";
  }
}

/** @param {Action} action */
function button({ label, primary, href, act }) {
  const made = document.createElement(href ? "a" : "button");
  made.className = primary ? "button primary" : "button";
  made.textContent = label;
  if (made instanceof HTMLAnchorElement) made.href = href ?? "";
  else Object.assign(made, { type: "button", onclick: act });
  return made;
}
