"""Google Wallet: loyalty classes and objects, save links and the REST interface."""
