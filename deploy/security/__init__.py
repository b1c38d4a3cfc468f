"""Security, told with evidence: tables whose every row points at code, a test or a text that is there."""
