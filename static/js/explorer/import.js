// The operator's button that imports the images of a data set, and buttons that copy a command.

/** @param {HTMLFormElement} form  with data-url */
function initImport(form) {
  const progress = /** @type {HTMLProgressElement} */ (form.querySelector("progress"));
  const status = /** @type {HTMLElement} */ (form.querySelector("[role=status]"));
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  const input = /** @type {HTMLInputElement} */ (form.querySelector("[type=file]"));
  /** @param {string} text  @param {boolean} [failed] */
  const finish = (text, failed = true) => {
    status.textContent = text;
    status.className = failed ? "notice bad" : "";
    submit.disabled = input.disabled = failed ? false : true;
    progress.hidden = true;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [file] = input.files ?? [];
    if (!file) return;
    submit.disabled = input.disabled = true;
    progress.hidden = false;
    status.className = "";
    status.textContent = `Uploading ${file.name} …`;
    const request = new XMLHttpRequest(); // fetch reports no progress of an upload
    request.upload.addEventListener("progress", ({ loaded, total }) => { progress.value = total ? loaded / total : 0; });
    request.upload.addEventListener("load", () => {
      progress.removeAttribute("value");
      status.textContent = "Reading the images; this takes up to a minute …";
    });
    request.addEventListener("error", () => finish("The server did not respond. Try again."));
    request.addEventListener("load", () => {
      const { rows, error } = request.response ?? { error: { message: "The server did not respond as expected. Try again." } };
      if (error) return finish(error.message);
      finish(`${rows.toLocaleString("en")} images imported. The pages show them now.`, false);
      location.reload();
    });
    request.responseType = "json";
    request.open("POST", form.dataset.url ?? "");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}

/** Buttons with data-copy copy the text of the element with that id. */
function initCopy() {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy]"))) {
    button.addEventListener("click", () => void navigator.clipboard.writeText(document.getElementById(button.dataset.copy ?? "")?.textContent ?? "").then(
      () => { button.textContent = "Copied"; },
      () => { button.textContent = "The browser blocked it"; },
    ));
  }
}

export function initImages() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form#import"));
  if (form) initImport(form);
  initCopy();
}
