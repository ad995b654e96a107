"""Pure functions on plain data: they decide, and know no clock, database, web or environment."""
