"""One offer as every output writes it: read once, with what the roster and the log say about where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.hsds.parts import Object
from shared.hsds.service import Origin
from shared.model.district import District
from shared.model.offer import OfferDoc
from shared.model.vocabulary.collection import Vocabularies


@dataclass(frozen=True)
class Offered:
    """One shown offer.

    Args:
        service: the compiled HSDS service; persons are already masked in it where they have to be.
        doc: the same offer as the model has it, masked alike.
        origin: who published it, and where its page and its proof are.
    """

    service: Object
    doc: OfferDoc
    origin: Origin


@dataclass(frozen=True)
class About:
    """What an output says of itself.

    Args:
        title: of the catalogue, such as "Angebote im Kreis Recklinghausen".
        publisher: name of the office that answers for this copy.
        email: function mailbox of that office; empty if unknown.
        base_url: origin of the public pages, without a slash at its end; empty if unknown.
        licence_url: under which the catalogue may be used; empty if unknown.
        licence_name: the same in words.
        made: when the state that is written was made (UTC).
        digest: catalogue digest of that state, 64 hex digits; empty while this copy is on the way from the state of
            one catalogue note to that of the next.
        district: whose catalogue it is, with its members.
        vocabularies: by name: what the codes in offers mean.
    """

    title: str
    publisher: str
    email: str
    base_url: str
    licence_url: str
    licence_name: str
    made: datetime
    digest: str
    district: District
    vocabularies: Vocabularies
