"""Checks of the doctor: one module is one check, found by its name.

Each defines ``check(about)``, from a ``doctor.Context`` to ``(status, found, advice)``; a check whose reading
failed is ``unknown``, never ``pass``.
"""
