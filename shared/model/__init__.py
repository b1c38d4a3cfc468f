"""The offer and everything it is made of: pure values and rules.

`offer` (document, canonical form, schema check), `parts`, `fields` (what is embedded, limits), `rules`, `completeness`
(problems, gaps), `vocabulary`, `district` (controlled terms, profile of a district), `phones`, `hours`, `postcodes`,
`providers`, `text` (normalisation), `table`, `columns`, `reimport` (CSV), `erasing` (finding and removing a person),
`shipped` (the data files of the program; the only module here that opens files).
"""
