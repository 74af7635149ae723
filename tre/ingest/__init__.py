"""How does an owner's file become a sealed, immutable dataset version?

landed (a confined child reads the source) → read (each value becomes an integer, or a reason why
not) → checked (rows, findings, faults: the report) → pseudonymised → sealed. Call
``tre.ingest.ingested.ingest``; ``tre.ingest.command`` is the same with progress on a terminal.
"""
