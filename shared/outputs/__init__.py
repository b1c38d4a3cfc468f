"""What integrators read: the shown catalogue in the forms of the field, ready to be sent, and what changed in it."""
