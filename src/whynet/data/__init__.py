"""Bytes on disk -> images and labels."""
