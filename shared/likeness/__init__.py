"""Whether two offers are one and the same: what is compared of each, which pairs are compared, how alike they are.

Nothing is decided here about the catalogue: a grade and its reasons are for a person.
"""

from typing import Final

RULES: Final = 2
"""Changes with everything that makes another grade, score or reason of the same two offers: they are compared anew."""
