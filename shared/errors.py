"""The error tree: families say who must act, codes say what happened (PROTOCOL 8).

Every error carries `message` (names the thing and both values), an optional `code` of the protocol and an optional
`advice` that tells a person what to do next.  One table in `shared/web` maps the families to problem responses.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence


class KreisweitError(Exception):
    """Base of every error this project raises on purpose."""

    code: str = ""

    def __init__(self, message: str, *, code: str | None = None, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        if code is not None:
            self.code = code


class InputError(KreisweitError):
    """The caller sent something that cannot be used; the caller acts."""


class ParseError(InputError):
    """Bytes or text that do not follow their grammar."""

    code = "E_FORMAT"


class RuleError(InputError):
    """Well-formed input that breaks rules; carries every problem, by field."""

    def __init__(self, message: str, problems: Mapping[str, Sequence[str]], *, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.problems = {name: list(texts) for name, texts in problems.items()}


class QueryError(RuleError):
    """A parameter of a query that is refused; carries every problem, by parameter."""


class NotFoundError(KreisweitError):
    """The named thing does not exist (or must not be known to the caller)."""


class AccessError(KreisweitError):
    """The caller may not do this."""


class ConflictError(KreisweitError):
    """The base of an edit is no longer the newest version; carries the current one."""

    def __init__(self, message: str, *, current: object = None, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.current = current


class FetchError(KreisweitError):
    """A peer could not be read.  Says nothing about honesty; retried later.

    `kind` is one of dns, tls, redirect, timeout, slow, status, type, oversize, address, connect, encoding.
    """

    code = "E_FETCH"

    def __init__(self, message: str, *, kind: str, status: int = 0, retry_after_seconds: int = 0) -> None:
        super().__init__(message, code="E_OVERSIZE" if kind == "oversize" else None)
        self.kind = kind
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class VerificationError(KreisweitError):
    """A peer's bytes do not verify; a person must look.  Carries the evidence as received."""

    def __init__(
        self, message: str, *, code: str | None = None, evidence: Sequence[bytes] = (), advice: str = ""
    ) -> None:
        super().__init__(message, code=code, advice=advice)
        self.evidence = tuple(evidence)


class SignatureError(VerificationError):
    """A signature by a known key fails, or none by a known key is there."""

    code = "E_SIG"


class WeakKeyError(ParseError):
    """A public key that is not canonically encoded or of small order."""

    code = "E_KEY_WEAK"


class InclusionError(VerificationError):
    """Entries, payloads or proofs do not hash to what was signed."""

    code = "E_ROOT"


class RollbackError(VerificationError):
    """A smaller log than the one held."""

    code = "E_ROLLBACK"


class EquivocationError(VerificationError):
    """Two signed histories of one log; carries both notes."""

    code = "E_FORK"


class StaleError(VerificationError):
    """Older than what was already accepted."""

    code = "E_REPLAY"


class ConfigError(KreisweitError):
    """A setting is missing or wrong; the operator acts.  The program refuses to start."""


class LogStateError(KreisweitError):
    """The state of our own log is unknown or forbids signing; the writer stops."""


_REASONS: Mapping[int, str] = {
    errno.ENOENT: "das gibt es nicht",
    errno.EACCES: "die Rechte reichen nicht",
    errno.EPERM: "das ist nicht erlaubt",
    errno.EISDIR: "das ist ein Verzeichnis, keine Datei",
    errno.ENOTDIR: "ein Teil des Pfades ist kein Verzeichnis",
    errno.ENOTEMPTY: "das Verzeichnis ist nicht leer",
    errno.EEXIST: "das gibt es schon",
    errno.ENOSPC: "auf der Platte ist kein Platz mehr",
    errno.EDQUOT: "der zugeteilte Platz ist aufgebraucht",
    errno.EROFS: "der Datenträger lässt sich nur lesen",
    errno.ENAMETOOLONG: "der Name ist zu lang",
    errno.ELOOP: "die Verweise führen im Kreis",
    errno.EMFILE: "es sind zu viele Dateien offen",
    errno.EADDRINUSE: "der Port ist schon belegt",
    errno.EADDRNOTAVAIL: "diese Adresse hat der Rechner nicht",
    errno.ECONNREFUSED: "dort nimmt niemand Verbindungen an",
    errno.ECONNRESET: "die Gegenstelle hat die Verbindung abgebrochen",
    errno.EHOSTUNREACH: "der Rechner ist nicht zu erreichen",
    errno.ENETUNREACH: "das Netz ist nicht zu erreichen",
    errno.ETIMEDOUT: "es kam keine Antwort",
}


def reason_of(error: OSError | None) -> str:
    """Return in German what the operating system refused; the name of the errno where there is no word for it."""
    number = 0 if error is None or error.errno is None else error.errno
    if number < 0:  # getaddrinfo's own numbers
        return "diesen Rechnernamen kennt hier niemand"
    return _REASONS.get(number) or errno.errorcode.get(number) or type(error).__name__
