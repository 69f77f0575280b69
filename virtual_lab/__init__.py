"""A laboratory of virtual boards that boot systemd, take SSH, reboot, lose power and run out of memory.

It stands in for hardware in tests and for newcomers; nothing of the product imports it.
`python -m virtual_lab --help` lists what can be done to it, `docs/virtual-lab.md` says how it is built, and
`playbooks/virtual_lab.yml` makes and removes it.
"""
