"""One module a kind of variant, found by its name.

Each has ``NAMES`` (the variants it makes), ``TOLERANCE`` (how far an artifact may be from the fp32 source),
``applies(weights)``, ``precision(name)`` (what the exporters are asked for) and ``transform(loaded, name, model)``,
which returns the network to export, or raises ``UnsupportedError`` with the reason where the variant cannot be.
"""
