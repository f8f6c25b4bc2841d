// The interactive description of the API, by Swagger UI; everything is fetched from this server.
const root = document.getElementById("swagger-ui");
SwaggerUIBundle({
  domNode: root,
  url: root.dataset.document,
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
});
