"""Tests. A package, because one of the libraries installs a package of this name too."""
