// Forms whose empty fields stay out of the address.

export function tidyForms() {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-tidy]"))) {
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) {
        if (value === "" || (name === "sort" && value === "row")) event.formData.delete(name);
      }
    });
    for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
  }
}
