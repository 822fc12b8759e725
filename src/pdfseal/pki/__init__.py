"""Certificates and paths to given anchors.

Law: bytes and values in; trust anchors and untrusted certificates never share a parameter;
time is an argument. No file, no network.
"""
