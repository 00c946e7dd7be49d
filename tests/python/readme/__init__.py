"""What the programs of each section of python/README.md do.

A module has the name of its section, and check(stage, *programs), which gets the programs in
their order. Where they need other packages than wscodec, NEEDS names these.
"""
