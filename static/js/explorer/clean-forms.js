// Forms whose empty fields, and those with their usual value (data-usual), stay out of the address.

export function tidyForms() {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-tidy]"))) {
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) {
        const field = form.elements.namedItem(name);
        const usual = field instanceof HTMLElement ? field.dataset.usual : undefined;
        if (value === "" || value === usual) event.formData.delete(name);
      }
    });
    for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
  }
}
