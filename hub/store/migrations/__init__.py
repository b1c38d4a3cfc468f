"""The hub's database through the versions of the program: one file, one transaction, explicit DDL for each change."""
