"""Engines that answer one plan: each gives the same integers."""
