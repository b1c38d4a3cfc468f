// Lets the browser keep pages for times without a network, says of a kept page from when it is, and shows on /offline
// what is kept, with a way to delete it.  Without this script every page is the same, and nothing is kept.
(() => {
  "use strict";
  const base = document.currentScript.dataset.base;
  const OFF = "kreisweit-nichts-behalten";
  const byId = (id) => document.getElementById(id);

  const isOff = () => { try { return localStorage.getItem(OFF) !== null; } catch { return false; } };
  const switchOff = (off) => { try { off ? localStorage.setItem(OFF, "1") : localStorage.removeItem(OFF); } catch { /* not allowed here */ } };

  const since = document.documentElement.dataset.kept;
  const notice = byId("kw-kept");
  if (since && notice) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    notice.textContent = notice.dataset.text.replace("{time}", format.format(new Date(since)));
    notice.hidden = false;
  }
  if (!("serviceWorker" in navigator)) return;

  const names = async () => (await caches.keys()).filter((name) => name.startsWith("kreisweit-") && name.endsWith(` ${base}`));
  const register = () => navigator.serviceWorker.register(`${base}sw.js`, { scope: base });
  const forget = async () => {
    const known = await navigator.serviceWorker.getRegistration(base);
    if (known) await known.unregister();
    for (const name of await names()) await caches.delete(name);
  };
  if (isOff()) forget();
  else addEventListener("load", () => { if (!isOff()) register().catch(() => {}); });

  const list = byId("kw-kept-list");
  if (!list) return;
  const show = async () => {
    list.replaceChildren();
    for (const name of (await names()).filter((name) => !name.startsWith("kreisweit-files"))) {
      const cache = await caches.open(name);
      for (const request of (await cache.keys()).reverse()) {
        const page = new DOMParser().parseFromString(await (await cache.match(request, { ignoreVary: true })).text(), "text/html");
        const link = document.createElement("a");
        link.href = request.url;
        link.lang = page.documentElement.lang;
        link.dir = page.documentElement.dir;
        link.textContent = page.title;
        const item = document.createElement("li");
        item.append(link);
        list.append(item);
      }
    }
    list.hidden = !list.childElementCount;
    byId("kw-kept-none").hidden = !list.hidden;
    byId("kw-kept-off").hidden = isOff();
    byId("kw-kept-on").hidden = !isOff();
  };
  byId("kw-kept-off").addEventListener("click", async () => { switchOff(true); await forget(); await show(); byId("kw-kept-on").focus(); });
  byId("kw-kept-on").addEventListener("click", async () => { switchOff(false); await register(); await show(); byId("kw-kept-off").focus(); });
  show();
})();
