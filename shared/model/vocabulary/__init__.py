"""Controlled vocabularies as versioned data: a code is permanent, a label may change.

`terms` holds the types and the parser; `shared.model.shipped` reads the files that come with the program.
"""
