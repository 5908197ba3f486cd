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
