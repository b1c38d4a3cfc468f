"""The only SQL about accounts."""
