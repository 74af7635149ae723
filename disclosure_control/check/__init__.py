"""What would the rules say of a table that was made elsewhere? The one door protects it too.

Its labels are those that occur in the file, which a service with declared codes would not publish.
"""
