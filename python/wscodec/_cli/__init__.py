"""The client for the command line: wscodec, or python -m wscodec."""
