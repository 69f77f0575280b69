"""One module a kind of variant, found by its name.

Each has ``NAMES`` (the variants it makes), ``TOLERANCE`` (how far an artifact may be from the fp32 source),
``applies(weights)`` and ``precision(name)`` (what the exporters are asked for: they halve and quantise, each in its
format's way). One that changes the network itself has ``transform(loaded, name, model)`` as well, which returns the
network to export, or raises ``UnsupportedError`` with the reason where the variant cannot be.
"""
