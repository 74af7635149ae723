"""The register: is a new exact table safe together with every exact table that ever left?

Pure: labels of people in, a verdict out. Nothing here reads a value; who is in which cell decides.
"""
