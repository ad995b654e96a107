"""Apple Wallet: pass.json, the signed .pkpass, PassKit's web service and push."""
