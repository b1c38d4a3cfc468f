"""How commands speak: results on stdout, reasons on stderr, one exit code each; the same for node and hub.

Exit codes: 0 done, 1 refused or failed with a reason, 2 wrong usage, 3 partly done.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import rich_click as click
from click.exceptions import Exit

from shared.command_words import HELP_WORDS, speak_german
from shared.errors import KreisweitError, RuleError, VerificationError, reason_of

# Before a command is made: the names of types are looked up then.
speak_german()

DONE, FAILED, PARTLY = 0, 1, 3
_YES = frozenset({"j", "ja", "y", "yes"})
_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """Add `--json` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON.")(command)


CONTEXT = {"help_option_names": ["-h", "--help"], "rich_help_config": dict(HELP_WORDS)}
"""How a party's group of commands is set up, beside `cls=GermanGroup`."""


def ask(question: str) -> None:
    """Go on only where a person says yes; on stderr, so that results stay apart."""
    answer = click.prompt(f"{question} [j/N]", default="", show_default=False, err=True)
    if str(answer).strip().lower() not in _YES:
        raise click.Abort


def ready_option(command: _Command) -> _Command:
    """Add `--json` to a command that goes on until it is ended."""
    text = "Eine Zeile JSON, sobald alles bereit ist."
    return click.option("--json", "as_json", is_flag=True, help=text)(command)


def say(text: str) -> None:
    """Print a line for people."""
    click.echo(text)


def print_json(value: Any) -> None:
    """Print a result for programs: one JSON value."""
    import msgspec

    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2))


def print_ready(name: str, url: str) -> None:
    """Say to programs, in one line, that a command which goes on until it is ended does its work from now on."""
    click.echo(json.dumps({"name": name, "url": url, "state": "ready"}, ensure_ascii=False))


def remark(text: str) -> None:
    """Print what a person should know beside the result."""
    click.echo(text, err=True)


def explain(code: str, message: str) -> str:
    """Return what happened in German: the sentence on the code, then what was found, which is often only technical."""
    from shared.feed.outcomes import ABOUT, Code

    about = ABOUT[Code(code)].text if code in Code.__members__ else ""
    return f"{about} ({message})" if about and message else about or message


def leave(code: int) -> None:
    """End the command with this exit code."""
    raise Exit(code)


def run_command(group: click.RichGroup, name: str, modules: Sequence[str], arguments: list[str] | None) -> int:
    """Run one command and return its exit code; errors are told here and nowhere else.

    Args:
        modules: register the commands at `group` when they are imported.
    """
    for module in modules:
        importlib.import_module(module)
    try:
        return int(group.main(arguments, prog_name=name, standalone_mode=False) or DONE)
    except Exit as left:
        return left.exit_code
    except click.Abort:
        remark("Abgebrochen.")
        return FAILED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KreisweitError as error:
        _tell(error)
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    except OSError as error:
        remark(f"Fehler: {error.filename}: {reason_of(error)}" if error.filename else f"Fehler: {reason_of(error)}")
        return FAILED
    except Exception as error:
        # Loaded only now: `--help` must not wait for a database's driver.
        from shared.database import describe_trouble

        trouble = describe_trouble(error)
        if trouble is None:
            raise
        text, advice = trouble
        remark(f"Fehler: {text}")
        remark(f"Rat: {advice}")
        return FAILED


def _tell(error: KreisweitError) -> None:
    code = f" [{error.code}]" if error.code else ""
    is_technical = isinstance(error, VerificationError)
    remark(f"Fehler{code}: {explain(error.code, error.message) if is_technical else error.message}")
    if isinstance(error, RuleError):
        for field, texts in error.problems.items():
            for text in texts:
                remark(f"  {field}: {text}" if field else f"  {text}")
    if error.advice:
        remark(f"Rat: {error.advice}")
