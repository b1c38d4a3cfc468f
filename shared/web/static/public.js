// Shows a new answer in place when a filter of the result page changes: the address follows, the focus stays where it is,
// and the number of offers is announced.  Without this script the page does the same by its buttons.
(() => {
  "use strict";
  const form = document.querySelector("form[data-live]");
  if (!form) return;
  const parts = ["filter", "treffer", "filter-zeigen"];
  let latest = 0;
  let timer = 0;

  const addressOf = () => {
    const pairs = [...new FormData(form)].filter(([, value]) => value.trim() !== "");
    const query = new URLSearchParams(pairs).toString();
    return form.getAttribute("action") + (query ? "?" + query : "");
  };

  const take = (page) => {
    const focused = document.activeElement?.id;
    const open = [...document.querySelectorAll("#filter details")].map((group) => [group.id, group.open]);
    for (const id of parts) document.getElementById(id).innerHTML = page.getElementById(id).innerHTML;
    for (const [id, isOpen] of open) document.getElementById(id)?.toggleAttribute("open", isOpen);
    // The status itself stays, so that its new text is read out.
    document.getElementById("anzahl").innerHTML = page.getElementById("anzahl").innerHTML;
    document.title = page.title;
    const languages = [...page.querySelectorAll(".kw-languages a")];
    document.querySelectorAll(".kw-languages a").forEach((link, at) => { link.href = languages[at].getAttribute("href"); });
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  const show = async (address, { push }) => {
    const turn = ++latest;
    clearTimeout(timer);
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== latest) return; // a newer question is on its way
      if (push) history.pushState(null, "", address);
      take(page);
    } catch {
      if (turn === latest) document.getElementById("anzahl").textContent = form.dataset.trouble;
    }
  };

  const ask = () => show(addressOf(), { push: true });
  document.addEventListener("change", (event) => {
    if (event.target.form !== form || event.target.name === "q") return;
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const panel = document.getElementById("filter-zeigen");
    if (panel.open && event.submitter?.closest(".kw-panel")) {
      panel.open = false; // what was hidden cannot keep the focus
      document.getElementById("filter-knopf").focus();
    }
    ask();
  });
  // Going back and forward: fields follow the address, since the filters come from the answer.
  addEventListener("popstate", () => {
    form.elements["q"].value = new URLSearchParams(location.search).get("q") ?? "";
    show(location.href, { push: false });
  });
})();
