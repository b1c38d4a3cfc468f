// Copies the address of an offer and opens the print dialogue. Without this script the buttons stay hidden and a hint
// says how to print.
(() => {
  "use strict";
  const said = document.querySelector("[data-said]");

  document.querySelectorAll("[data-script]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("[data-no-script]").forEach((part) => { part.hidden = true; });

  document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

  const copy = document.querySelector("[data-copy]");
  if (copy && !navigator.clipboard) copy.parentElement.hidden = true; // only over HTTPS
  copy?.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      said.textContent = copy.dataset.done;
    } catch {
      said.textContent = copy.dataset.copy; // to be copied by hand
    }
  });
})();
