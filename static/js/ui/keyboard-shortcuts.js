// Keyboard shortcuts for buttons. A button names its key in data-key; the help dialog lists the same keys.

import { translate } from "./language.js";

/**
 * @param {HTMLElement} root  contains the buttons with data-key
 * @param {HTMLElement} list  a <dl>, filled with each key and its description
 */
export function bindShortcuts(root, list) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([...root.querySelectorAll("button[data-key]")]);
  for (const button of buttons) {
    const key = document.createElement("dt");
    key.append(Object.assign(document.createElement("kbd"), { textContent: button.dataset.key === " " ? translate("Space") : button.dataset.key }));
    const description = Object.assign(document.createElement("dd"), { textContent: button.dataset.help ?? button.textContent });
    list.append(key, description);
    button.setAttribute("aria-keyshortcuts", button.dataset.key === " " ? "Space" : button.dataset.key ?? "");
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input, select, textarea, [contenteditable]")) return;
    if (event.key === " " && target?.closest("button, a, summary")) return; // space activates the focused element
    const button = buttons.find((one) => one.dataset.key?.toLowerCase() === event.key.toLowerCase());
    if (!button || button.disabled || button.hidden) return;
    event.preventDefault();
    button.click();
  });
}
