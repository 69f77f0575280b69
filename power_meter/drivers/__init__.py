"""Drivers, one file each.

A module whose name starts with an underscore is shared by several and is no driver.
"""
