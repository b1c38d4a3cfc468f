"""The words of the command line in German, where click says them and not we.

Click hands every sentence to gettext as a template; here the templates are looked up in one table.  A table of
templates was chosen over texts by type of exception, since most sentences ("gibt es nicht", "ist ein Verzeichnis") are
made deep in click's types and arrive without a type of their own; a test reads click's source and names a template that
the table lacks.
"""

from __future__ import annotations

import gettext
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import rich_click as click
from rich_click.rich_help_formatter import RichHelpFormatter

GERMAN: Mapping[str, str] = MappingProxyType(
    {
        "Usage:": "Aufruf:",
        "Options": "Optionen",
        "Commands": "Befehle",
        "Positional arguments": "Angaben",
        "Show this message and exit.": "Diese Hilfe zeigen.",
        "Show the version and exit.": "Die Version zeigen.",
        "Confirm the action without prompting.": "Nicht nachfragen.",
        "deprecated": "veraltet",
        "default: {default}": "Vorgabe: {default}",
        "env var: {var}": "Umgebungsvariable: {var}",
        "required": "nötig",
        "(dynamic)": "(berechnet)",
        "file": "Datei",
        "directory": "Verzeichnis",
        "path": "Pfad",
        "Error: {message}": "Fehler: {message}",
        "Try '{command} {option}' for help.": "Hilfe: {command} {option}",
        "Aborted!": "Abgebrochen.",
        "unknown error": "unbekannter Fehler",
        "Missing command.": "Es fehlt der Befehl.",
        "Missing argument": "Es fehlt die Angabe",
        "Missing option": "Es fehlt die Option",
        "Missing parameter": "Es fehlt",
        "Missing {param_type}": "Es fehlt: {param_type}",
        "Missing parameter: {param_name}": "Es fehlt: {param_name}",
        "No such option {name!r}.": "Die Option {name!r} gibt es nicht.",
        "No such command {name!r}.": "Den Befehl {name!r} gibt es nicht.",
        "Did you mean {possibility}?": "Gemeint ist vielleicht {possibility}.",
        "(Did you mean one of: {possibilities}?)": "Gemeint ist vielleicht eins von: {possibilities}.",
        "Invalid value: {message}": "Das geht so nicht: {message}",
        "Invalid value for {param_hint}: {message}": "Das geht bei {param_hint} nicht: {message}",
        "Got unexpected extra argument ({args})": "Diese Angabe ist zu viel: {args}",
        "Got unexpected extra arguments ({args})": "Diese Angaben sind zu viel: {args}",
        "Option {name!r} does not take a value.": "Die Option {name!r} nimmt keinen Wert.",
        "Option {name!r} requires an argument.": "Hinter der Option {name!r} fehlt der Wert.",
        "Option {name!r} requires {nargs} arguments.": "Hinter der Option {name!r} stehen {nargs} Werte.",
        "Argument {name!r} takes {nargs} values.": "Die Angabe {name!r} besteht aus {nargs} Werten.",
        "Value must be an iterable.": "Nötig sind mehrere Werte.",
        "Takes {nargs} values but 1 was given.": "Nötig sind {nargs} Werte, angegeben ist einer.",
        "Takes {nargs} values but {len} were given.": "Nötig sind {nargs} Werte, angegeben sind {len}.",
        "{len_type} values are required, but {len_value} was given.":
            "Nötig sind {len_type} Werte, angegeben ist einer.",
        "{len_type} values are required, but {len_value} were given.":
            "Nötig sind {len_type} Werte, angegeben sind {len_value}.",
        "Choose from:\n\t{choices}": "Möglich sind:\n\t{choices}",
        "{value!r} is not {choice}.": "{value!r} ist nicht möglich, nur {choice}.",
        "{value!r} is not one of {choices}.": "{value!r} ist nicht möglich. Möglich sind {choices}.",
        # The kind of number comes in English, so it is left out.
        "{value!r} is not a valid {number_type}.": "{value!r} ist keine Zahl, wie sie hier nötig ist.",
        "{value} is not in the range {range}.": "{value} liegt nicht im Bereich {range}.",
        "{value!r} is not a valid boolean. Recognized values: {states}":
            "{value!r} ist weder ja noch nein. Möglich sind {states}.",
        "{value!r} is not a valid UUID.": "{value!r} ist keine UUID.",
        "{value!r} does not match the format {format}.": "{value!r} hat nicht die Form {format}.",
        "{value!r} does not match the formats {formats}.": "{value!r} hat keine der Formen {formats}.",
        "{name} {filename!r} does not exist.": "{name} {filename!r} gibt es nicht.",
        "{name} {filename!r} is a file.": "{filename!r} ist eine Datei, kein Verzeichnis.",
        "{name} {filename!r} is a directory.": "{filename!r} ist ein Verzeichnis, keine Datei.",
        "{name} {filename!r} is not readable.": "{name} {filename!r} darf nicht gelesen werden.",
        "{name} {filename!r} is not writable.": "{name} {filename!r} darf nicht geschrieben werden.",
        "{name} {filename!r} is not executable.": "{name} {filename!r} darf nicht ausgeführt werden.",
        "Could not open file {filename!r}: {message}": "Die Datei {filename!r} lässt sich nicht öffnen: {message}",
        "Do you want to continue?": "Fortfahren?",
        "Repeat for confirmation": "Zur Sicherheit noch einmal",
        "Error: The two entered values do not match.": "Fehler: Die beiden Eingaben sind nicht gleich.",
        "Error: invalid input": "Fehler: Damit ist nichts anzufangen.",
        "Press any key to continue...": "Weiter mit einer Taste …",
    }
)  # fmt: skip
"""What click says to people, as templates; what it says to programmers is not in it."""

HELP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "arguments_panel_title": "Angaben",
        "options_panel_title": "Optionen",
        "commands_panel_title": "Befehle",
        "errors_panel_title": "Fehler",
        "aborted_text": "Abgebrochen.",
        "default_string": r"\[Vorgabe: {}]",
        "envvar_string": r"\[Umgebungsvariable: {}]",
        "required_long_string": r"\[nötig]",
    }
)


def translate(message: str) -> str:
    """Return click's template in German, or as it is where click says it to programmers alone."""
    return GERMAN.get(message, message)


def translate_number(one: str, many: str, count: int) -> str:
    """Return the German template for one or for several."""
    return translate(one if count == 1 else many)


def speak_german() -> None:
    """Let click look its sentences up here, whatever language the machine speaks; a second call changes nothing."""
    stand_ins: dict[Any, Any] = {gettext.gettext: translate, gettext.ngettext: translate_number}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"click", "rich_click"}:
            for word in ("_", "gettext", "ngettext"):
                stand_in = stand_ins.get(vars(module).get(word))
                if stand_in is not None:
                    setattr(module, word, stand_in)


class _Formatter(RichHelpFormatter):
    """Names the line with the usage in German, which rich-click does not ask gettext for."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or GERMAN["Usage:"])


class _Context(click.RichContext):
    formatter_class = _Formatter


class GermanCommand(click.RichCommand):
    """A command whose help and errors are German."""

    context_class = _Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[OPTIONEN]"} | kwargs)


class GermanGroup(click.RichGroup):
    """A group whose help and errors are German, and those of its commands."""

    context_class = _Context
    command_class = GermanCommand
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        words = {"options_metavar": "[OPTIONEN]", "subcommand_metavar": "BEFEHL …"}
        super().__init__(*args, **words | kwargs)
