"""Digests, public keys, signature schemes and SM2.

Law: bytes and values in, bytes and values out; no certificate, no container, no file is known
here. Private keys appear only behind the `Signer` protocol.
"""
