"""The corpus folder and run manifests."""
