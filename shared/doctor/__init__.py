"""Looks at everything that must be right for a party to run, and says of each thing what is wrong and what to do."""
