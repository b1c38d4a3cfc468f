"""Whether a reader of the feed, in any language, judges as PROTOCOL says: cases as data, and what asks them."""
