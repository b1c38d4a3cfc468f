// Shows the description of the interface with Swagger UI.  It is read from this host, and so is what is tried out, even
// where the host has another name than its own settings say; nothing is validated elsewhere.
(() => {
  "use strict";
  const place = document.getElementById("kw-interface");
  const say = (text) => { place.textContent = text; };
  addEventListener("DOMContentLoaded", async () => {
    try {
      const answer = await fetch(place.dataset.url);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const spec = await answer.json();
      spec.servers = [{ url: location.origin + place.dataset.base }];
      place.textContent = "";
      window.SwaggerUIBundle({
        spec, domNode: place, validatorUrl: null, supportedSubmitMethods: ["get"], tryItOutEnabled: true,
        docExpansion: "list", defaultModelsExpandDepth: 0, displayRequestDuration: true, requestSnippetsEnabled: false,
      });
    } catch (error) {
      say(`The description could not be read (${error.message}). It is at ${place.dataset.url}.`);
    }
  });
})();
