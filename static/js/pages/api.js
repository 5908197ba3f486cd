// The API page: Swagger UI for the OpenAPI document of the site.

import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { language, translate } from "../ui/language.js";
import { translatedDocument, translateSwagger } from "../ui/swagger-texts.js";

/**
 * Swagger UI's own layout has a second `main` landmark, and the button that expands a call contains a link and a button.
 * This layout shows the calls and their schemas only; the wrapped components are text or nothing.
 * @param {import("swagger-ui-dist/swagger-ui-es-bundle.js").System} system
 */
function accessibleLayout({ React: { createElement } }) {
  /** @param {import("swagger-ui-dist/swagger-ui-es-bundle.js").LayoutProps} props */
  function Calls({ specSelectors, getComponent }) {
    const parts = specSelectors.specStr()
      ? [getComponent("SvgAssets"), ...["errors", "operations", "Models"].map((name) => getComponent(name, true))]
      : [getComponent("errors", true)];
    return createElement("div", { className: "swagger-ui" }, ...parts.map((part) => createElement(part)));
  }
  return {
    components: { Calls },
    wrapComponents: {
      DeepLink: () => (/** @type {{text: unknown}} */ { text }) => text,
      CopyToClipboardBtn: () => () => null,
    },
  };
}

/** The document in the page's language. @param {string} url */
async function translated(url) {
  const texts = JSON.parse(document.getElementById("api-texts")?.textContent ?? "{}");
  return translatedDocument(await (await fetch(url)).json(), texts);
}

const container = document.getElementById("api");
const url = container?.dataset.document ?? "";
if (container && language() !== "en") translateSwagger(container);
const spec = language() === "en" ? undefined : await translated(url).catch(() => undefined); // without it, Swagger UI says what is wrong
SwaggerUIBundle({
  plugins: [accessibleLayout],
  layout: "Calls",
  domNode: container,
  ...(spec ? { spec } : { url }),
  deepLinking: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // no request to another host
});

// Add the accessible names and tab stops that Swagger UI lacks.
if (container) new MutationObserver(() => {
  for (const input of container.querySelectorAll("input[type=file]:not([aria-label])")) input.setAttribute("aria-label", translate("image file"));
  for (const example of container.querySelectorAll("pre.microlight:not([tabindex])")) example.setAttribute("tabindex", "0");
}).observe(container, { childList: true, subtree: true });
