"""Benchmarks: ratios against a limit or a peer in the same run, one JSON object a line."""
