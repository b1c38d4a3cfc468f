"""Click speaks German: every sentence it has for people, in whatever version is installed."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import click
import pytest
import rich_click

import shared.commands  # noqa: F401 - importing it is what lets click speak German
from shared.command_words import GERMAN, translate_number

_WORDS = {"_", "gettext", "ngettext"}
_TO_PROGRAMMERS = {
    "%(prog)s, version %(version)s",
    "Could not determine name for option with declarations {decls!r}",
    "Name '{name}' defined twice",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    (
        "No options defined but a name was passed ({name}). "
        "Did you mean to declare an argument instead? Did you mean to pass '--{name}'?"
    ),
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "Invalid start character for option ({option})",
    "Choice({choices})",
    "Unknown color {colour!r}",
    "Unknown standard stream '{name}'",
    "Windows error: {error}",
    # An editor, a progress bar and shell completion are not used.
    "{editor}: Editing failed",
    "{editor}: Editing failed: {e}",
    "d",
    "Couldn't detect Bash version, shell completion is not supported.",
    "Shell completion is not supported for Bash versions older than 4.4.",
}


def templates() -> set[str]:
    """What click and rich-click hand to gettext, read from their source."""
    found = set()
    for module in (click, rich_click):
        for path in Path(str(module.__file__)).parent.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _WORDS:
                    found |= {
                        arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                    }
    return found


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_template_of_click_is_german() -> None:
    assert templates() - _TO_PROGRAMMERS - GERMAN.keys() == set()


def test_german_templates_ask_for_nothing_that_click_does_not_give() -> None:
    assert [message for message, german in GERMAN.items() if fields(german) - fields(message)] == []


def test_one_and_several() -> None:
    words = ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})")

    assert translate_number(*words, 1) == "Diese Angabe ist zu viel: {args}"
    assert translate_number(*words, 2) == "Diese Angaben sind zu viel: {args}"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (click.NoSuchOption("--prot", possibilities=["--port"]), "Die Option '--prot' gibt es nicht."),
        (click.BadParameter("so nicht"), "Das geht so nicht: so nicht"),
        (click.MissingParameter(param_type="option", param_hint="'--ags'"), "Es fehlt die Option '--ags'."),
    ],
)
def test_errors_of_click_are_german(error: click.ClickException, text: str) -> None:
    assert error.format_message().startswith(text)
