// Helps while an offer is written: keeps it as a draft every few seconds and warns before unsaved text is left behind.
// Without this script the page does the same by its buttons.
(() => {
  "use strict";
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const status = document.getElementById("gesichert");
  const wait = 4000;
  let timer = 0;
  let isChanged = false;
  let isSending = false;

  const say = (text) => { status.textContent = text; };

  const keep = async () => {
    if (!isChanged || isSending) return;
    if (!form.elements["name"].value.trim()) return; // a draft without a title cannot be found again
    isSending = true;
    isChanged = false;
    say(status.dataset.saving);
    const body = new URLSearchParams(new FormData(form));
    body.set("aktion", "autosave");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.ok) {
        const kept = await answer.json();
        form.elements["mark"].value = kept.mark;
        if (form.getAttribute("action") !== kept.action) {
          form.setAttribute("action", kept.action);
          history.replaceState(null, "", kept.action);
        }
        say(status.dataset.saved.replace("{time}", kept.time));
      } else {
        isChanged = true;
        say(answer.status === 409 ? status.dataset.conflict : status.dataset.refused);
      }
    } catch {
      isChanged = true;
      say(status.dataset.offline);
      later();
    }
    isSending = false;
  };

  const later = () => { clearTimeout(timer); timer = setTimeout(keep, wait); };

  form.addEventListener("input", () => { isChanged = true; later(); });
  form.addEventListener("submit", () => { isChanged = false; clearTimeout(timer); });
  addEventListener("beforeunload", (event) => { if (isChanged || isSending) event.preventDefault(); });
})();
