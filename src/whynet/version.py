"""The version, for what is written down about a run and for the command line."""

__version__ = "0.1.0"
