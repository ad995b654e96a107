// Starts Swagger UI on our document. Module scripts run after the deferred bundle.

const place = /** @type {HTMLElement} */ (document.getElementById("api-docs"));

/** @typedef {(options: Record<string, unknown>) => unknown} Start */
const start = /** @type {Start} */ (/** @type {any} */ (window).SwaggerUIBundle);

start({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false, // the key is gone when the page is
  tryItOutEnabled: true,
  validatorUrl: null, // nothing of ours leaves for a validator elsewhere
});
