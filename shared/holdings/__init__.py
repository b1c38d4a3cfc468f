"""What a party holds: logs, payloads, its outbox, the roster and the catalogue notes.  The only SQL in `shared`."""
