"""Queries over letters and subscriptions."""
