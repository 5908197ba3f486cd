// Keys that do what a button does. A button names its key in data-key; the list in the help comes from the same.

/**
 * @param {HTMLElement} root  holds buttons with data-key
 * @param {HTMLElement} list  a <dl> to be filled with key and words
 */
export function bindHotkeys(root, list) {
  const buttons = /** @type {HTMLButtonElement[]} */ ([...root.querySelectorAll("button[data-key]")]);
  for (const button of buttons) {
    const key = document.createElement("dt");
    key.append(Object.assign(document.createElement("kbd"), { textContent: button.dataset.key === " " ? "Space" : button.dataset.key }));
    const words = Object.assign(document.createElement("dd"), { textContent: button.dataset.help ?? button.textContent });
    list.append(key, words);
    button.setAttribute("aria-keyshortcuts", button.dataset.key === " " ? "Space" : button.dataset.key ?? "");
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input, select, textarea, [contenteditable]")) return;
    if (event.key === " " && target?.closest("button, a, summary")) return; // space presses what has the focus
    const button = buttons.find((one) => one.dataset.key?.toLowerCase() === event.key.toLowerCase());
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  });
}
