"""The verdict on a PDF and on each of its signatures: a numbered plan, and a module for its larger steps.

source + Policy -> verify -> Report

digesting    every digest that is needed, in one pass over the bytes       step 4
seal         the electronic seal inside a signature                        step 6
signer       the signer's certificate: path, time, revocation              step 7
timestamps   what tokens and document timestamps prove                     step 8
"""

from pdfseal.verification.plan import Policy, parse_pdf_date, verify

__all__ = ["Policy", "parse_pdf_date", "verify"]
