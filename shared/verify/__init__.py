"""Verify what a hub serves without trusting it: a local copy that follows its log, and proofs of single records."""
