"""The shared loyalty account and every page but the till."""
