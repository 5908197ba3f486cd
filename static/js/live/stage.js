// Messages over the video: a full cover when there is no video, or one status line.

/** @typedef {{label: string, primary?: boolean, href?: string, onClick?: () => void}} Action */

export class Stage {
  /** @param {HTMLElement} element  contains the video and the messages */
  constructor(element) {
    this.element = element;
    this.#message = /** @type {HTMLElement} */ (element.querySelector(".stage-message"));
    this.#status = /** @type {HTMLElement} */ (element.querySelector(".stage-status"));
  }

  #message;
  #status;

  /**
   * Cover the video with a title, an explanation and actions.
   * @param {string} state  for CSS and tests, e.g. "refused"
   * @param {{title: string, text: string}} message  @param {Action[]} actions
   */
  showMessage(state, message, actions = []) {
    this.element.dataset.state = state;
    const title = document.createElement("h2");
    title.textContent = message.title;
    const text = document.createElement("p");
    text.textContent = message.text;
    const row = document.createElement("p");
    row.className = "stage-actions";
    row.append(...actions.map(button));
    this.#message.replaceChildren(title, text, ...(actions.length ? [row] : []));
    this.#message.hidden = false;
  }

  /** Show the video. @param {string} state */
  showVideo(state) {
    this.element.dataset.state = state;
    this.#message.hidden = true;
  }

  /** Show one line at the bottom of the video. @param {string} text  empty hides the line */
  showStatus(text) {
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#status.hidden = text === "";
  }
}

/** @param {Action} action */
function button({ label, primary, href, onClick }) {
  const element = document.createElement(href ? "a" : "button");
  element.className = primary ? "button primary" : "button";
  element.textContent = label;
  if (element instanceof HTMLAnchorElement) element.href = href ?? "";
  else Object.assign(element, { type: "button", onclick: onClick });
  return element;
}
