"""How well the search answers: questions with their answers over the real offers, and a report of what it finds."""
