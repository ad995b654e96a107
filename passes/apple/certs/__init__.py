"""From a request to a certificate that signs: files, checks, chain, renewal."""
