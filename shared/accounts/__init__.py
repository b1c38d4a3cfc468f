"""Accounts of the people who work at one party's desk: rights, passwords, second factor, sessions.

Decided here: who may sign in, how a session begins, changes and ends, and how guessing is slowed down.  The pages
stand in `shared/web/desk`, the roles in each room.  Nothing of this ever leaves the party's database.

Known gaps: secrets of the second factor stand readable in the database, as every program that checks them needs
them, so whoever copies the database and learns a password has both.  Whoever knows the name of an account can keep it
locked by guessing; a person with the right ACCOUNTS cannot undo that, the hour has to pass.
"""
