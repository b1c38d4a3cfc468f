/* The map of offers, on the one page whose reader asked for it (shared/web/public/map.py). Texts come from the page;
   what stands in a popup is made of nodes, never of HTML from the data. */
(() => {
  "use strict";
  const box = document.querySelector("[data-kw-map]");
  if (!box || !window.L) return;
  box.replaceChildren(); // what it says to browsers without script
  const said = box.dataset;
  const rtl = said.pageDir === "rtl";
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const Tiles = L.TileLayer.extend({
    getTileUrl(at) {
      return L.Util.template(this._url, { x: at.x, y: at.y, level: String(this._getZoomForUrl()).padStart(2, "0") });
    },
  });
  const map = L.map(box, {
    attributionControl: false, zoomControl: false, minZoom: 8, maxZoom: 18,
    zoomAnimation: !calm, fadeAnimation: !calm, markerZoomAnimation: !calm, inertia: !calm,
  });
  L.control.zoom({ zoomInTitle: said.zoomIn, zoomOutTitle: said.zoomOut, position: rtl ? "topright" : "topleft" }).addTo(map);
  L.control.attribution({ prefix: false }).addAttribution('© <a href="https://basemap.de/" rel="noopener noreferrer">basemap.de</a> / BKG, CC BY 4.0').addTo(map);
  map.fitBounds([[Number(said.south), Number(said.west)], [Number(said.north), Number(said.east)]]);
  new Tiles(said.tiles, { maxNativeZoom: 18, referrerPolicy: "no-referrer" }).addTo(map);

  function list(one) {
    const frame = document.createElement("div");
    frame.dir = said.pageDir;
    if (one.area || one.offers.length > 1) {
      const head = document.createElement("p");
      head.textContent = one.label;
      frame.append(head);
    }
    const items = document.createElement("ul");
    for (const offer of one.offers) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      Object.assign(link, { href: offer.url, textContent: offer.title, lang: offer.lang, dir: offer.dir });
      item.append(link);
      items.append(item);
    }
    frame.append(items);
    return frame;
  }

  function draw(one) {
    const kind = one.area ? "kw-pin kw-pin--area" : "kw-pin";
    const number = document.createElement("span");
    number.textContent = one.area || one.offers.length > 1 ? String(one.offers.length) : "";
    const icon = L.divIcon({ className: kind, html: number, iconSize: one.area ? [44, 44] : [28, 28] });
    // What is seen has to be part of what is said, also where a language says a number in words.
    const seen = number.textContent;
    const name = seen && !one.label.includes(seen) ? `${seen} – ${one.label}` : one.label;
    const marker = L.marker([one.latitude, one.longitude], { icon, title: name, keyboard: true, riseOnHover: true });
    marker.bindPopup(() => list(one), { maxHeight: 240, maxWidth: Math.min(300, box.clientWidth - 60), autoPanPadding: [10, 10] });
    marker.addTo(map);
    marker.getElement().setAttribute("aria-label", name);
    return marker;
  }

  map.on("popupopen", (event) => {
    const frame = event.popup.getElement();
    frame.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", said.close);
    frame.querySelector("a[href]:not(.leaflet-popup-close-button)")?.focus({ preventScroll: true });
  });
  map.on("popupclose", (event) => {
    const frame = event.popup.getElement();
    const at = document.activeElement;
    if (at === document.body || (frame && frame.contains(at))) event.popup._source?.getElement()?.focus({ preventScroll: true });
  });
  // Leaflet hears Escape only while the map itself has the focus.
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") map.closePopup();
  });

  fetch(said.kwMap, { credentials: "omit" })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
    .then((found) => {
      const drawn = found.map(draw);
      if (drawn.length) map.fitBounds(L.featureGroup(drawn).getBounds().pad(0.1), { maxZoom: 15, animate: false });
      box.dataset.ready = String(drawn.length);
    })
    .catch(() => {
      const line = document.createElement("p");
      line.setAttribute("role", "alert");
      line.className = "kw-note";
      line.textContent = said.trouble;
      box.before(line);
    });
})();
