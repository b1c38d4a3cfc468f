"""A page with every kind of field, right and wrong, as a template."""

from __future__ import annotations

SAMPLE = """{% extends "base.html" %}
{% import "desk/fields.html" as f with context %}
{% block title %}Felder{% endblock %}
{% block main %}<h1>Felder</h1>
{{ f.summary(problems) }}
<form method="post" novalidate enctype="multipart/form-data">{{ f.csrf() }}{{ f.hidden("base", 3) }}
{{ f.text("title", "Titel", value='Kurs "A"', hint="Kurz und klar", required=true) }}
{{ f.text("email", "E-Mail", type="email", autocomplete="email", maxlength=200) }}
{{ f.text("from", "Beginn", type="date", width="short", errors=["Der Tag liegt nach dem Ende."]) }}
{{ f.textarea("body", "Beschreibung", value="Eins\n<b>zwei</b>", hint="Was geschieht?") }}
{{ f.select("kind", "Art", [("kurs", "Kurs"), ("rat", "Beratung")], value="rat", empty="Bitte wählen", required=true) }}
{{ f.checkboxes("topics", "Themen", [("a", "Sprache"), ("b", "Arbeit", "auch Ausbildung")], ["b"],
                hint="Mehrere möglich", columns=true) }}
{{ f.radios("mode", "Form", [("here", "vor Ort"), ("far", "online")], "far", required=true) }}
{{ f.checkbox("free", "Kostenlos", checked=true, hint="Auch ohne Eintritt") }}
{{ f.file("file", "Datei", hint="CSV oder XLSX", accept=".csv,.xlsx") }}
{{ f.button("Speichern", name="act", value="save") }} {{ f.link_button("/pult", "Zurück") }}
</form>{% endblock %}"""

PROBLEMS = {
    name: [f"{name} fehlt."] for name in ("title", "body", "kind", "topics", "mode", "free", "file")
} | {"title": ["title fehlt.", "title ist zu kurz."]}  # fmt: skip
