"""Letters that a party sends: its visible outbox, and subscriptions to searches; the same code at node and hub."""
