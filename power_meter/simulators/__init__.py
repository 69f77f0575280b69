"""Byte-exact simulated meters, one file each, written from the specification and never from the drivers."""
