"""What can be worked out from a table as it would be released? The attacker, written on its own.

Shares no code with ``disclosure_control.sdc.suppression``: a mistake there must not be repeated
here. It reads the released numbers and the public structure, and answers with intervals.
"""
