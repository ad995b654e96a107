"""The till: the page a cashier works with, and its verbs."""
