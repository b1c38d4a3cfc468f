// Copies a key. Without this script the buttons stay hidden; the key can be marked and copied by hand.
(() => {
  "use strict";
  if (!navigator.clipboard) return; // only over HTTPS
  const said = document.querySelector("[data-said]");
  document.querySelectorAll("[data-script]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        said.textContent = button.dataset.done;
      } catch {
        said.textContent = button.dataset.copy; // to be copied by hand
      }
    });
  });
})();
