// Finding and creating elements of the page.

/** @template {HTMLElement} T  @param {string} id  @param {new () => T} type  @returns {T} */
export function get(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`No element #${id} of type ${type.name} on this page`);
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

/** @param {string} label  @param {() => void} onClick  @param {string} [className]  @returns {HTMLButtonElement} */
export function button(label, onClick, className = "") {
  const element = /** @type {HTMLButtonElement} */ (make("button", className, label));
  element.type = "button";
  element.addEventListener("click", onClick);
  return element;
}

/** Show a list with its label if there is something to choose. @param {HTMLSelectElement} select  @param {number} count */
export function showChoice(select, count) {
  const label = select.closest("label");
  if (label) label.hidden = count < 2;
}
