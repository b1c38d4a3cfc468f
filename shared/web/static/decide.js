// Presses a button by its key while a list of decisions is worked off: [data-keys] names the keys of a button.
// Without this script, and where somebody switched the keys off, the buttons themselves do the same.
(() => {
  "use strict";
  const kept = "kreisweit-tasten";
  const choice = document.querySelector("[data-keys-choice]");
  const box = choice && choice.querySelector("input");
  let isSent = false;

  const read = () => { try { return localStorage.getItem(kept) !== "aus"; } catch { return true; } };
  const keep = (isOn) => { try { localStorage.setItem(kept, isOn ? "an" : "aus"); } catch { /* then for this page alone */ } };
  const show = (isOn) => document.documentElement.classList.toggle("kw-keys-on", isOn);
  let isOn = read();

  if (box) {
    choice.hidden = false;
    box.checked = isOn;
    box.addEventListener("change", () => { isOn = box.checked; keep(isOn); show(isOn); });
  }
  show(isOn);

  // A box that is ticked takes no letters; everything in which somebody types does.
  const isTyping = (target) => target instanceof Element
    && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;

  addEventListener("keydown", (event) => {
    if (!isOn || isSent || event.repeat || event.isComposing || event.defaultPrevented) return;
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (!/^[a-z]$/.test(key)) return;
    const button = document.querySelector(`button[data-keys~="${key}"]`);
    if (!button) return;
    event.preventDefault();
    isSent = true; // one key, one decision: the next one belongs to the next page
    button.click();
  });
  addEventListener("pageshow", () => { isSent = false; });
})();
