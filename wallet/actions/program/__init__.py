"""The program as its merchant runs it: its frame, its stores, its people, its draft of rules, and who changed what."""
