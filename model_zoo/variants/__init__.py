"""One module a kind of variant, found by its name.

Each has ``NAMES`` (the variants it makes), ``TOLERANCE`` (how far an artifact may be from its source) and
``transform(loaded, name)``, which returns the network to export.
"""
