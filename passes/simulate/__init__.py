"""Stand-ins for Apple, Google and two phones, faithful to the protocols: for newcomers and for tests."""
