"""Text as it enters the model: normalised, free of characters that hide or deceive, and folded for comparing.

Two kinds of text: names are one line, running texts may have line breaks.  `running_text` and `one_line`
repair what is harmless (compatibility spaces, soft hyphens, other line breaks); `text_problems` names what a person has
to look at, because removing it silently could change what the text says.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LINE_BREAKS: Final = re.compile("\r\n|[\r\u0085\u2028\u2029\v\f]")
_SPACES: Final = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_DROPPED: Final = re.compile("[\u00ad\ufeff]")
_CONTROLS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH: Final = re.compile("[\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufff9-\ufffb]")
_MANY_SPACES: Final = re.compile(" {2,}")
_SPACE_AT_LINE_END: Final = re.compile(" +(?=\n)")
_MANY_BREAKS: Final = re.compile("\n{3,}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_SENTENCE_END: Final = re.compile(r"[.!?][\"“”»)]*\s+(?=[\"„»(]*[A-ZÄÖÜ0-9])|\n+")
# A dot after these does not end a sentence; neither does one after a number or a single letter ("z. B.", "3. Mai").
_ABBREVIATIONS: Final = frozenset(
    {
        "abs",
        "bzw",
        "ca",
        "dr",
        "ev",
        "evtl",
        "ggf",
        "inkl",
        "kath",
        "max",
        "min",
        "mind",
        "nr",
        "prof",
        "sog",
        "st",
        "str",
    }
    | {"tel", "u", "usw", "vgl", "z"}
)


def running_text(text: str) -> str:
    """Normalise a text that may have several lines: NFC, LF, plain spaces, no outer blanks, one empty line at most."""
    text = _LINE_BREAKS.sub("\n", text)
    text = _DROPPED.sub("", _SPACES.sub(" ", text))
    text = _SPACE_AT_LINE_END.sub("", _MANY_SPACES.sub(" ", text))
    return unicodedata.normalize("NFC", _MANY_BREAKS.sub("\n\n", text)).strip(" \n")


def one_line(text: str) -> str:
    """Normalise a name: as `running_text`, and every line break becomes a space."""
    return _MANY_SPACES.sub(" ", running_text(text).replace("\n", " "))


def text_problems(text: str, *, is_name: bool = False) -> list[str]:
    """Say in German what must not stand in a text of ours: control, direction and invisible characters."""
    problems = []
    if _CONTROLS.search(text):
        problems.append("enthält Steuerzeichen")
    if _DIRECTION.search(text):
        problems.append("enthält unsichtbare Zeichen, die die Schreibrichtung ändern")
    if _ZERO_WIDTH.search(text):
        problems.append("enthält unsichtbare Zeichen ohne Breite")
    if any(unicodedata.category(character) in ("Cn", "Cs", "Co") for character in text):
        problems.append("enthält Zeichen, die es in Unicode nicht gibt")
    if is_name and "\n" in text:
        problems.append("muss in einer Zeile stehen")
    if unicodedata.normalize("NFC", text) != text:
        problems.append("ist nicht in Unicode-Normalform C")
    return problems


def fold(text: str) -> str:
    """Reduce a text to what people compare: no case, no accents, no punctuation, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    # Only what is not ASCII can be an accent: every title of a full read comes through here.
    plain = decomposed if decomposed.isascii() else _NOT_ASCII.sub(_without_accent, decomposed)
    return _NOT_WORD.sub(" ", plain).strip()


def _without_accent(match: re.Match[str]) -> str:
    return "" if unicodedata.combining(match[0]) else match[0]


def sort_key(text: str) -> tuple[str, str]:
    """Order texts as a German list does: ä like a, ß like ss, case only where everything else is equal."""
    return fold(text), text


def split_summary(text: str, *, least: int = 20, most: int = 300) -> tuple[str, str]:
    """Divide a description into a summary of whole sentences and the rest (the first sentence says it short).

    The summary is the first sentence, or as many as it takes to reach `least` characters.  If the first sentence is
    longer than `most`, it is cut at a word and the rest is the whole text again, so that nothing is lost.
    """
    text = running_text(text)
    cut = next((end for end in _sentence_ends(text) if end >= least), len(text))
    summary, rest = one_line(text[:cut]), text[cut:].strip(" \n")
    if len(summary) <= most:
        return summary, rest
    return summary[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…", text


def _sentence_ends(text: str) -> list[int]:
    ends = []
    for match in _SENTENCE_END.finditer(text):
        before = text[: match.start()].rpartition(" ")[2].rpartition("\n")[2].strip('(„"»').casefold()
        is_abbreviation = before in _ABBREVIATIONS or len(before) < 2 or before.isdigit()
        if "\n" in match.group() or text[match.start()] in "!?" or not is_abbreviation:
            ends.append(match.end())
    return ends


# --- texts that are filled in ----------------------------------------------------------------------------------------


_GAP = re.compile(r"\[[^\]\n]{2,80}…\]")


def gaps_in(text: str) -> list[str]:
    """Return what is still to be filled in, each once: words in square brackets that end in an ellipsis."""
    return list(dict.fromkeys(_GAP.findall(text)))


def is_finished(text: str) -> bool:
    """Tell whether a text may be shown: there is one, without gaps."""
    return bool(text) and not gaps_in(text)
