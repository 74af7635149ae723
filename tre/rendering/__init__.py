"""How does a protected table look? Bytes in every format, made once, by the worker only."""
