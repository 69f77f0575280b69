"""Drivers of power switches, one file each; a name with an underscore in front is no driver."""
