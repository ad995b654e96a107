"""Stand-ins for the outside world: the product's own simulators, on free ports."""
