"""Backends: one module is one runtime, found by its name; see ``_base.Backend`` for the protocol."""
