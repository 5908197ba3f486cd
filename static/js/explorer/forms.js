// Forms that leave empty fields and default values (data-default) out of the URL, and submit when a choice changes.

export function initForms() {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-omit-defaults]"))) {
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) {
        const field = form.elements.namedItem(name);
        const defaultValue = field instanceof HTMLElement ? field.dataset.default : undefined;
        if (value === "" || value === defaultValue) event.formData.delete(name);
      }
    });
    for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
  }
}
