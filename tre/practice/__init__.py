"""How does one write a program against the service? On people that were made up, with real rules.

Everything is as with real data: gates, budgets, noise, hiding, the log. Only the people are not.
"""
