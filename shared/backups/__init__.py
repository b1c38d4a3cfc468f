"""Copies of a party that can be put back: made while it runs, encrypted, checked, kept for a month at most."""
