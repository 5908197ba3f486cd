// The texts of Swagger UI, which has no translations of its own, in the page's language.

import { translate } from "./language.js";

/** As Swagger UI writes them -> in the page's language. */
const TEXTS = new Map(Object.entries({
  "Parameters": translate("Parameters"),
  "No parameters": translate("No parameters"),
  "Name": translate("Name"),
  "Description": translate("Description"),
  "Request body": translate("Request body"),
  "required": translate("required"),
  "Responses": translate("Responses"),
  "Server response": translate("Server response"),
  "Code": translate("Code"),
  "Details": translate("Details"),
  "Links": translate("Links"),
  "No links": translate("No links"),
  "Undocumented": translate("Undocumented"),
  "Media type": translate("Media type"),
  "Controls ": translate("Controls "),
  " header.": translate(" header."),
  "Example Value": translate("Example Value"),
  "Example Description": translate("Example Description"),
  "Schema": translate("Schema"),
  "Schemas": translate("Schemas"),
  "Try it out": translate("Try it out"),
  "Cancel": translate("Cancel"),
  "Reset": translate("Reset"),
  "Execute": translate("Execute"),
  "Clear": translate("Clear"),
  "Download": translate("Download"),
  "Add ": translate("Add "), // the type of the item follows, then:
  " item": translate(" item"),
  "Send empty value": translate("Send empty value"),
  "Request URL": translate("Request URL"),
  "Response body": translate("Response body"),
  "Response headers": translate("Response headers"),
  "Loading...": translate("Loading…"),
  "Expand operation": translate("Expand operation"),
  "Collapse operation": translate("Collapse operation"),
  "Copy cURL command to clipboard": translate("Copy cURL command to clipboard"),
  "Copy code to clipboard": translate("Copy code to clipboard"),
  "Media Type": translate("Media type"),
  "Request content type": translate("Request content type"),
}));
const VERBATIM = "pre, code, textarea, .opblock-summary-path, .parameter__name:not(.opblock-title), .json-schema-2020-12__title, .json-schema-2020-12-property";
const ATTRIBUTES = ["aria-label", "title"];

/**
 * Translate what Swagger UI shows in `container`, now and whenever it changes. Only values of text nodes and attributes change,
 * which React neither reads nor misses.
 * @param {HTMLElement} container
 */
export function translateSwagger(container) {
  const update = () => {
    const walker = document.createTreeWalker(container, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const found = TEXTS.get(node.nodeValue ?? "");
      if (found && found !== node.nodeValue && !node.parentElement?.closest(VERBATIM)) node.nodeValue = found;
    }
    for (const name of ATTRIBUTES) {
      for (const element of container.querySelectorAll(`[${name}]`)) {
        const found = TEXTS.get(element.getAttribute(name) ?? "");
        if (found && found !== element.getAttribute(name)) element.setAttribute(name, found);
      }
    }
  };
  new MutationObserver(update).observe(container, { childList: true, characterData: true, subtree: true, attributeFilter: ATTRIBUTES });
  update();
}

/**
 * @template T
 * @param {T} part  an OpenAPI document or a part of it
 * @param {Record<string, string>} texts  English -> the page's language
 * @returns {T} a copy with its summaries and descriptions translated
 */
export function translatedDocument(part, texts) {
  if (Array.isArray(part)) return /** @type {T} */ (part.map((each) => translatedDocument(each, texts)));
  if (typeof part !== "object" || part === null) return part;
  return /** @type {T} */ (Object.fromEntries(Object.entries(part).map(([name, value]) =>
    [name, (name === "summary" || name === "description") && typeof value === "string" ? texts[value] ?? value : translatedDocument(value, texts)])));
}
