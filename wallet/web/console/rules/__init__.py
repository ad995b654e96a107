"""The rules in the console: told, changed part by part, tried on the past, published."""
