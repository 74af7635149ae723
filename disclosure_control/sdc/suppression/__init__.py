"""Which cells must be hidden beside the unsafe ones, so that no arithmetic brings those back?

``suppress`` answers for any table whose cells are tied by equations: margins, hierarchies, linked
tables. It shares no code with ``disclosure_control.sdc.audit``, which attacks what it returns.
"""
