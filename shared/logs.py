"""The program's log: one JSON line per happening, with an `action` code and no personal data.

Decided here: the form of a line, and what may stand in it.  The first argument of a log call is the action
(`member_blocked`), everything else is a named field.  Values are cut, controls are escaped by JSON, and fields whose
name promises personal data are withheld.  Exceptions appear as type, code and places, never with their text, since
texts quote what people typed.

Nothing is configured globally: a program opens its log and hands it on, so that eleven nodes and a hub can each have
their own in one process.  `adopt_library_logs` is the exception, for programs only.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Protocol, TextIO

import structlog

from shared.clock import Clock, in_utc
from shared.errors import KreisweitError

_ACTION = re.compile(r"[a-z][a-z0-9_]{1,63}")
_TEXT_LIMIT = 300
_OWN_PACKAGES = frozenset({"shared", "node", "hub"})
_OWN_FRAMES, _LAST_FRAMES = 6, 2
_WITHHELD = frozenset(
    {"authorization", "body", "contact", "cookie", "email", "form", "headers", "mail", "passphrase", "person", "phone"}
    | {"query", "secret", "telephone", "token"}
)
# A line on its way to the stream.
_Line = MutableMapping[str, Any]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Log(Protocol):
    """What code asks of a log: one call per happening, `bind` for fields that stay."""

    def bind(self, **fields: object) -> Log:
        """Return a log that adds these fields to every line."""

    def debug(self, action: str, /, **fields: object) -> None:
        """Note something that matters only while looking for a fault."""

    def info(self, action: str, /, **fields: object) -> None:
        """Note that something happened as it should."""

    def warning(self, action: str, /, **fields: object) -> None:
        """Note something that a person should look at within days."""

    def error(self, action: str, /, **fields: object) -> None:
        """Note something that a person should look at today."""


def open_log(stream: TextIO, clock: Clock, *, party: str, level: str = "info") -> Log:
    """Return a log that writes JSON lines to `stream`, each with the time, the level and the party's name."""
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            _Stamp(clock, party),
            _name_action,
            _describe_values,
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
    )
    return log


def describe_exception(error: BaseException) -> dict[str, object]:
    """Return type, code and places of an exception as log fields; never its text, which may quote personal data."""
    fields: dict[str, object] = {"error": type(error).__name__, "where": _places(error)}
    if isinstance(error, KreisweitError) and error.code:
        fields["code"] = error.code
    if error.__cause__ is not None:
        fields["cause"] = type(error.__cause__).__name__
    return fields


def adopt_library_logs(log: Log) -> logging.Handler:
    """Send what libraries log from WARNING upwards to `log`; returns the handler, for removal.

    Only the message's template is kept, not its arguments: a library may log what people typed.
    """
    handler = _LibraryHandler(log)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    return handler


class _LibraryHandler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, object] = {"library": record.name, "template": str(record.msg).strip()}
        if record.exc_info and record.exc_info[1] is not None:
            fields |= describe_exception(record.exc_info[1])
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write("library_message", **fields)


class _Stamp:
    """Adds time and party; the time comes from the program's clock, so that a simulated log repeats exactly."""

    def __init__(self, clock: Clock, party: str) -> None:
        self._clock = clock
        self._party = party

    def __call__(self, _logger: object, _method: str, line: _Line) -> _Line:
        return {"time": in_utc(self._clock.now()), "level": line.pop("level"), "party": self._party, **line}


def _name_action(_logger: object, _method: str, line: _Line) -> _Line:
    """Move the first argument to `action`; free text there is refused, since nobody can search or vet it."""
    action = line.pop("event")
    if not isinstance(action, str) or not _ACTION.fullmatch(action):
        action = "unnamed"
    head = {name: line.pop(name) for name in ("time", "level", "party")}
    return {**head, "action": action, **line}


def _describe_values(_logger: object, _method: str, line: _Line) -> _Line:
    return {name: "withheld" if name in _WITHHELD else _describe(value) for name, value in line.items()}


def _describe(value: object) -> object:
    """Return a value that JSON can hold and a reader can bear."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value if len(value) <= _TEXT_LIMIT else value[:_TEXT_LIMIT] + "…"
        case bytes():
            return value.hex()[:_TEXT_LIMIT]
        case BaseException():
            return type(value).__name__
        case Mapping():
            return {str(k): "withheld" if k in _WITHHELD else _describe(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_describe(item) for item in value]
        case _:
            return type(value).__name__


def _places(error: BaseException) -> list[str]:
    """Return where an exception came through: the last places in our own code and the last of all.

    A library may be twenty calls deep below the line that matters.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [number for number, (frame, _) in enumerate(frames) if _is_own(frame.f_globals.get("__name__", ""))]
    kept = sorted({*own[-_OWN_FRAMES:], *range(max(0, len(frames) - _LAST_FRAMES), len(frames))})
    return [
        f"{_place(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in (frames[number] for number in kept)
    ]


def _is_own(module: str) -> bool:
    return module.partition(".")[0] in _OWN_PACKAGES


def _place(filename: str) -> str:
    """Return the last three parts of a file's path: enough to find it, without the machine's folders."""
    return "/".join(filename.replace("\\", "/").rsplit("/", 3)[-3:])
