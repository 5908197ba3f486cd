// Finding and making the page's elements.

/** @template {HTMLElement} T  @param {string} id  @param {new () => T} type  @returns {T} */
export function get(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is not on this page`);
  return found;
}
/** @param {string} id */
export const buttonOf = (id) => get(id, HTMLButtonElement);
/** @param {string} id */
export const partOf = (id) => get(id, HTMLElement);

/** @param {string} tag  @param {string} className  @param {string | Node} [content]  @returns {HTMLElement} */
export function make(tag, className, content = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(content);
  return element;
}

/** @param {string} words  @param {() => void} act  @param {string} [className]  @returns {HTMLButtonElement} */
export function button(words, act, className = "") {
  const element = /** @type {HTMLButtonElement} */ (make("button", className, words));
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}
