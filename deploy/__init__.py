"""Running the federation: demo, bootstrap, sample data."""
