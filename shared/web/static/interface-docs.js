// Shows the description of the interface with Swagger UI.  It is read from this host, and so is what is tried out, even
// where the host has another name than its own settings say; nothing is validated elsewhere.
(() => {
  "use strict";
  const place = document.getElementById("kw-interface");
  const say = (text) => { place.textContent = text; };
  // What Swagger UI leaves without a name, or out of the keyboard's reach.
  const mend = (root) => {
    root.querySelector("#servers:not([aria-label])")?.setAttribute("aria-label", "Server");
    for (const code of root.querySelectorAll("pre:not([tabindex])")) code.tabIndex = 0;
    for (const field of root.querySelectorAll("input:not([aria-label]), select:not([aria-label]), textarea:not([aria-label])")) {
      const row = field.closest("[data-param-name]");
      const name = row ? row.dataset.paramName : field.closest(".examples-select") ? "Example" : "Media type";
      field.setAttribute("aria-label", name);
    }
  };
  addEventListener("DOMContentLoaded", async () => {
    try {
      const answer = await fetch(place.dataset.url);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const spec = await answer.json();
      spec.servers = [{ url: location.origin + place.dataset.base }];
      // Swagger UI would fill in every example at once, and find nothing: they are told in words instead.
      for (const parameter of Object.values(spec.components.parameters)) {
        if (parameter.in !== "query" || parameter.example === undefined) continue;
        parameter.description += `. Example: \`${[parameter.example].flat().join(",")}\``;
        delete parameter.example;
      }
      // It knows one dialect of schemas and warns of any other; ours says the same in both.
      delete spec.jsonSchemaDialect;
      place.textContent = "";
      new MutationObserver(() => mend(place)).observe(place, { childList: true, subtree: true });
      window.SwaggerUIBundle({
        spec, domNode: place, validatorUrl: null, supportedSubmitMethods: ["get"], tryItOutEnabled: true,
        docExpansion: "list", defaultModelsExpandDepth: 0, displayRequestDuration: true, requestSnippetsEnabled: false,
      });
    } catch (error) {
      say(`The description could not be read (${error.message}). It is at ${place.dataset.url}.`);
    }
  });
})();
