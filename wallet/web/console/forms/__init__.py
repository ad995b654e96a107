"""Forms of the console: what is asked is told once, and shown, read and checked from that."""
