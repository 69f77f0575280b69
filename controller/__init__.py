"""The controller's side of a sweep: validate, plan, lock, take each board through its cells, keep what comes back.

Ansible is the engine; its plugins (``plugins/``) are thin adapters to this package.
"""
