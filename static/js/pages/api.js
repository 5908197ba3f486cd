// The API's document as a page to try it, by Swagger UI.

import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";

const place = document.getElementById("api");
SwaggerUIBundle({
  domNode: place,
  url: place?.dataset.document,
  deepLinking: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // asks nobody else
});

// What Swagger UI leaves without a name, or out of the keyboard's reach.
if (place) new MutationObserver(() => {
  for (const input of place.querySelectorAll("input[type=file]:not([aria-label])")) input.setAttribute("aria-label", "picture");
  for (const example of place.querySelectorAll("pre.microlight:not([tabindex])")) example.setAttribute("tabindex", "0");
}).observe(place, { childList: true, subtree: true });
