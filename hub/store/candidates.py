"""Pairs of offers that may be the same, and the keys by which they were found; derived from the catalogue.

Of an offer only digests of its keys are kept: no title, no telephone number, nothing that an erasure has to look for.
"""
