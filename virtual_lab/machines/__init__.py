"""How boards run, one module for each way.

A module has `prepare(lab, board)`, called once in the supervisor's own mount namespace;
`command(lab, board)`, the process that is the running board; and `REBOOT_STATUS`, the exit status by which
that process asks to be started again (None when it never does).
"""
