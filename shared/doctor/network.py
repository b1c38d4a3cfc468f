"""The network: names, the way out, the other side, mail."""

from __future__ import annotations

import socket
from urllib.parse import parse_qs, urlsplit

from shared.doctor.finding import Answer, bad, good, skipped, warning
from shared.errors import FetchError
from shared.mail import MailError, MailServer, try_server
from shared.net.fetcher import WebReader

_ADVICE = {
    "dns": "Der Name ist nicht auflösbar: DNS-Server in /etc/resolv.conf prüfen.",
    "tls": "Das Zertifikat gilt hier nicht. Prüft eine Firewall den Verkehr, gehört ihr Zertifikat nach "
    "/usr/local/share/ca-certificates (dann update-ca-certificates).",
    "connect": "Die Firewall muss ausgehend https (443) zu dieser Adresse erlauben, oder proxy ist einzustellen.",
    "timeout": "Die Gegenseite antwortet nicht. Eine Firewall, die Pakete verwirft, sieht genauso aus.",
    "slow": "Die Leitung oder die Gegenseite ist zu langsam.",
    "redirect": "Dort antwortet eine Anmeldeseite oder ein anderer Dienst. Stimmt die Adresse?",
    "address": "Private Adressen und http gehen nur in Netzen, die allow_networks nennt.",
    "status": "Dort läuft etwas, aber nicht dieses Programm; oder es hat gerade eine Störung.",
}
ROSTER_MAX_BYTES = 65_536
_DEADLINE_SECONDS = 20.0


def look_at_name(url: str, proxy: str) -> Answer:
    """Whether the name of the other side has an address; behind a proxy that is the proxy's business."""
    host = urlsplit(url).hostname or ""
    if proxy:
        host = urlsplit(proxy).hostname or ""
    try:
        found = sorted({str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})
    except OSError:
        return bad(f"{host} hat keine Adresse", _ADVICE["dns"])
    what = "Proxy " if proxy else ""
    return good(f"{what}{host}: {', '.join(found[:4])}")


def look_at_peer(web: WebReader, url: str) -> Answer:
    """Whether the other side answers with what only this program answers: its roster."""
    try:
        answer = web.get(f"{url}/roster", max_bytes=ROSTER_MAX_BYTES, deadline_seconds=_DEADLINE_SECONDS)
    except FetchError as error:
        return bad(error.message, _ADVICE.get(error.kind, "Die Adresse im Browser dieses Rechners probieren."))
    if answer.status != 200 or not answer.body.startswith(b"kreisweit.roster/"):
        return bad(f"{url} antwortet, aber nicht als Teil dieses Verbunds ({answer.status})", _ADVICE["redirect"])
    return good(f"{url} antwortet")


def look_at_mail(server: MailServer | None) -> Answer:
    """Whether the mail server lets this program in; no letter is sent."""
    if server is None:
        return skipped("Es ist kein Mailserver eingestellt")
    try:
        try_server(server)
    except MailError as error:
        return bad(error.message, "Mailserver, Port, Sicherung, Benutzer und Passwort prüfen.")
    if server.security == "none":
        return warning(f"{server.host} ist erreichbar, aber ohne Verschlüsselung", "starttls oder tls einstellen.")
    return good(f"{server.host} lässt das Programm ein")


_HERE = frozenset({"", "localhost", "127.0.0.1", "::1"})
_CHECKED = frozenset({"verify-ca", "verify-full"})


def look_at_database(url: str) -> Answer:
    """Whether nobody can listen between this program and its database; nothing is asked, the address says it."""
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgresql"):
        return skipped("Die Datenbank ist eine Datei")
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = asked.get("host") or parts.hostname or ""
    if host in _HERE or host.startswith("/"):
        return good("Der Datenbankserver läuft auf diesem Rechner")
    if asked.get("sslmode") in _CHECKED:
        return good(f"Verschlüsselt zu {host}, dessen Zertifikat wird geprüft")
    return warning(
        f"Auf dem Weg zu {host} kann jemand mitlesen: Das Zertifikat wird nicht geprüft",
        "In der Einstellung database ?sslmode=verify-full anhängen.",
    )
