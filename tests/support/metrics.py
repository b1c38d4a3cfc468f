"""Scrapes a party's measures over HTTP, read by the parser of the Prometheus library itself."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from contextlib import closing

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from shared.net.listeners import Place


class Scrape:
    """What one scrape said."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.types = {family.name: family.type for family in text_string_to_metric_families(text)}
        self.samples: list[Sample] = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """The one number of this name and these labels."""
        found = [sample.value for sample in self.samples if sample.name == name and sample.labels == labels]
        assert len(found) == 1, (name, labels, found)
        return float(found[0])

    def by_label(self, name: str, label: str) -> Mapping[str, float]:
        """All numbers of this name by one of their labels, added up."""
        found: dict[str, float] = {}
        for sample in self.samples:
            if sample.name == name:
                found[sample.labels[label]] = found.get(sample.labels[label], 0) + sample.value
        return found

    def names(self) -> set[str]:
        """Names of our own measures, as their rows have them."""
        return {sample.name for sample in self.samples if sample.name.startswith("kreisweit_")}


def scrape(place: Place) -> Scrape:
    """Ask as a Prometheus server would."""
    with closing(http.client.HTTPConnection(place.host, place.port, timeout=20)) as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.status == 200
        assert (answer.getheader("Content-Type") or "").startswith("text/plain")
        return Scrape(answer.read().decode())
