"""What stands in for data while a question is written? Units that a noisy model made up.

A twin has the tables, links and codes of its dataset, and as many units, none of whom exists. What
it says of the world was measured through the noisy track, with a budget of its own, and released;
nothing else of the data reaches it.
"""
