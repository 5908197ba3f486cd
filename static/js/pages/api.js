// The API page: Swagger UI for the OpenAPI document of the site.

import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";

const container = document.getElementById("api");
SwaggerUIBundle({
  domNode: container,
  url: container?.dataset.document,
  deepLinking: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // no request to another host
});

// Add the accessible names and tab stops that Swagger UI lacks.
if (container) new MutationObserver(() => {
  for (const input of container.querySelectorAll("input[type=file]:not([aria-label])")) input.setAttribute("aria-label", "image file");
  for (const example of container.querySelectorAll("pre.microlight:not([tabindex])")) example.setAttribute("tabindex", "0");
}).observe(container, { childList: true, subtree: true });
