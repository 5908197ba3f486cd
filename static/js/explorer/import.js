// The operator's button that imports the images of a data set, and buttons that copy a command.

import { language, translate, translatePlural } from "../ui/language.js";

/** The words for a problem of the import, by its code. @param {{code: string, message: string}} error  of the server, in English */
function problemText({ code, message }) {
  /** @type {Record<string, string>} */
  const texts = {
    busy: translate("Another import is in progress. Wait until it is finished."),
    too_large: translate("The file is too large; fer2013.csv has 301 MB."),
    not_stored: translate("The file could not be stored. Free disk space."),
    too_slow: translate("The import did not finish in time. Use the command instead."),
    not_imported: translate("The file was not imported: it is not a valid fer2013.csv."),
    other_data: translate("The file does not have the rows of this data set. Choose the complete fer2013.csv."),
  };
  return language() === "en" ? message : texts[code] ?? message;
}

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
    status.textContent = translate("Uploading {file} …", { file: file.name });
    const request = new XMLHttpRequest(); // fetch reports no progress of an upload
    request.upload.addEventListener("progress", ({ loaded, total }) => { progress.value = total ? loaded / total : 0; });
    request.upload.addEventListener("load", () => {
      progress.removeAttribute("value");
      status.textContent = translate("Reading the images; this takes up to a minute …");
    });
    request.addEventListener("error", () => finish(translate("The server did not respond. Try again.")));
    request.addEventListener("load", () => {
      const { rows, error } = request.response ?? { error: { code: "", message: translate("The server did not respond as expected. Try again.") } };
      if (error) return finish(problemText(error));
      finish(translatePlural("{n} image imported. The pages show it now.", "{n} images imported. The pages show them now.", rows), false);
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
      () => { button.textContent = translate("Copied"); },
      () => { button.textContent = translate("The browser blocked it"); },
    ));
  }
}

export function initImages() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form#import"));
  if (form) initImport(form);
  initCopy();
}
