"""Search over the kreisweit catalogue: one text pipeline, a derived index, filters with counts."""
