"""Whether two offers are one and the same: what is compared of each, which pairs are compared, how alike they are.

Nothing is decided here about the catalogue: a grade and its reasons are for a person.
"""
