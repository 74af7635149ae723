"""The register of exact tables, beside the data: who is in which cell never leaves the sandbox."""
