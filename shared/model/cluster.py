"""A cluster: the hub's word that several records are one and the same offer (kind `cluster`, PROTOCOL 2).

A reader is tolerant: fields it does not know are ignored, and a document that is no cluster is none; the records it
would have joined are then shown one by one.  The same kind says of two records that they are not the same: without
`members`, so that no reader takes it for a cluster.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from shared.errors import ParseError
from shared.model import fields as f

MEMBERS_MAX: Final = 50


class ClusterDoc(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The records of a cluster; `display` is the one whose card is shown, the first one when it names none of them."""

    display: f.OptionalId = ""
    id: f.RecordId
    members: Annotated[tuple[f.RecordId, ...], Meta(min_length=2, max_length=MEMBERS_MAX)]
    owner: f.Ags
    reason: f.Text300 = ""
    title: f.Name = ""

    def rids(self) -> tuple[bytes, ...]:
        """The records, the shown one first, each once."""
        ordered = sorted(dict.fromkeys(self.members), key=lambda rid: rid != self.display)
        return tuple(bytes.fromhex(rid) for rid in ordered)


class ApartDoc(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The hub's word that two records are different offers, so that nobody is asked about them again."""

    apart: Annotated[tuple[f.RecordId, ...], Meta(min_length=2, max_length=2)]
    id: f.RecordId
    owner: f.Ags
    reason: f.Text300 = ""
    title: f.Name = ""


_DECODER: Final = msgspec.json.Decoder(ClusterDoc)


def parse_cluster(data: bytes) -> ClusterDoc:
    """Read the document of a cluster.

    Raises:
        ParseError: not JSON, or a field has the wrong type or breaks a limit.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(f"cluster document: {error}") from error


def cluster_from_builtins(doc: object) -> ClusterDoc:
    """Read a document that was decoded already.

    Raises:
        ParseError: a field has the wrong type or breaks a limit.
    """
    try:
        return msgspec.convert(doc, ClusterDoc)
    except msgspec.ValidationError as error:
        raise ParseError(f"cluster document: {error}") from error


def apart_from_builtins(doc: object) -> ApartDoc:
    """Read the document of two records that are not the same.

    Raises:
        ParseError: a field has the wrong type or breaks a limit; clusters are no such documents.
    """
    try:
        return msgspec.convert(doc, ApartDoc)
    except msgspec.ValidationError as error:
        raise ParseError(f"document of two records apart: {error}") from error
