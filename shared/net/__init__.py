"""Outgoing requests: fetchers, the HTTP client, the address guard and back-off; nothing here knows what bytes mean."""
