"""The error tree: whose fault it is is a type, what went wrong is a stable code.

    PdfsealError
    |-- CallerError      the caller's fault: arguments, placement, picture, key, password
    |   `-- RefusedError the request is clear, and pdfseal will not carry it out: a signature
    |                    that does not verify, a hole that is too small, a forbidden change
    |-- DocumentError    the input's fault: a PDF, container or certificate that cannot be read
    |-- OutsideError     the outside world's fault: network, signer command, file system
    `-- InternalError    our fault

Law: this module imports nothing. Exit codes and HTTP codes are mapped at the edge
(`pdfseal_cli.edge`, `adapters.coss`), never here.

Every code is listed in `CODES` with one line of meaning; `docs/errors.md` is that table.
Codes are stable: a code may be added, but is never renamed or given a second meaning.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    # CallerError
    "argument": "an argument is missing, malformed or contradicts another one",
    "page_out_of_range": "the page number is not a page of this document",
    "box_outside_page": "the seal's box does not touch the page",
    "box_too_large": "the seal's box is larger than the page",
    "keyword_not_found": "a keyword is not in the text of the pages searched, or not as often as asked",
    "picture_unreadable": "the seal picture is not a PNG, JPEG, GIF or BMP that can be decoded",
    "picture_too_large": "the seal picture has more pixels or bytes than the limit",
    "font_unreadable": "the font is not a TrueType or OpenType file that can be read and embedded",
    "glyph_missing": "the font lacks a character of the text, which the message names",
    "key_unreadable": "the key file holds no private key that can be read",
    "wrong_password": "the password of the key file or document is wrong or missing",
    "key_mismatch": "the private key does not belong to the certificate",
    "certificate_unreadable": "a certificate handed in cannot be read",
    "revocation_unreadable": "a CRL or OCSP response handed in cannot be read",
    "unknown_scheme": "no such signature scheme, or the key does not fit it",
    "field_unusable": "the form field named is not an empty signature field",
    "field_exists": "a form field of that name is in the document already",
    "session_unreadable": "the session file is not a PreparedSeal of a known version",
    "not_found": "a file or directory named by the caller is not there",
    "journal_unreadable": "the journal of a batch is damaged, or is no journal",
    "journal_mismatch": "the journal belongs to a batch with other options",
    "journal_busy": "another run of the same batch has not ended yet",
    "output_exists": "an output of a batch is there already, and is not of this batch",
    "output_exists_as_input": "the output would overwrite the input, and --in-place was not asked for",
    "configuration": "the service's configuration is wrong; the message names the entry",
    "extra_missing": "a part of pdfseal needs packages that are not installed; the message names the extra",
    "record_exists": "the registry holds an application of that name or identifier already",
    "user_exists": "the application knows this user already",
    "identity_taken": "another person in the registry has this identity document",
    "unique_id_taken": "another user of the application has this unique id",
    # RefusedError
    "signature_invalid": "the signature value does not verify under the certificate",
    "digest_mismatch": "the digest that was signed is not the digest of this document",
    "hole_too_small": "the container does not fit the room reserved for it",
    "hole_not_empty": "the signature field holds a signature already",
    "not_prepared": "the PDF holds no prepared, empty signature",
    "source_changed": "the PDF changed between prepare and write",
    "certificate_not_candidate": "no certificate handed in is the one that the signed attributes name",
    "signer_not_in_seal": "the signer's certificate is not among those that the electronic seal names",
    "seal_not_in_force": "the electronic seal is not valid at the time of sealing",
    "seal_invalid": "the signature of the seal's maker does not verify",
    "timestamp_has_no_place": "the 2014 layout has no place for a timestamp: it goes into the document",
    "annotations_on_signed": "several boxes on a signed document need an explicit permission",
    "evidence_missing": "long-term validation needs a path or revocation data that is not at hand",
    "time_not_proven": "long-term validation needs a timestamp, and no authority was given",
    "weak_algorithm": "the algorithm may be verified on request but is never used to seal",
    "forbidden_by_document": "the document's own permissions forbid this change",
    "dynamic_xfa": "the pages that readers show are made from an XFA form and not from this PDF",
    "repair_refused": "the damaged PDF must not be rewritten: it is signed or locked",
    "report_not_valid": "the report's verdict is not `passed`, and the caller asked for that",
    # DocumentError
    "pdf_empty": "the input has no bytes",
    "not_a_pdf": "the input has no %PDF header",
    "pdf_damaged": "the cross-reference data or an object that is needed cannot be read",
    "pdf_no_pages": "the document has no page",
    "pdf_encrypted": "the document is encrypted in a way that cannot be opened",
    "pdf_ambiguous": "two readers disagree about what this document is",
    "limit_exceeded": "the input exceeds a bound on size, depth, count or time",
    "asn1_malformed": "bytes that should be DER are not",
    "revocation_refused": "the OCSP responder answered with an error",
    "container_malformed": "the signature container cannot be read",
    # OutsideError
    "file_system": "a file cannot be read or written",
    "fetch_failed": "a CRL, OCSP response or certificate could not be fetched, or was not allowed to be",
    "worker_crashed": "the process that worked on a batch item died, or was too slow and was ended",
    "signer_failed": "the outside signer failed, timed out or answered nothing usable",
    "tsa_failed": "no timestamp authority gave a token that can be believed",
    "serial_store": "the file that keeps a timestamp authority's serial numbers cannot be used",
    "port_unusable": "the address that a server should listen on cannot be used",
    "service_failed": "the service that was called gave no answer that can be read",
    "service_refused": "the service that was called answered with a code other than success",
    "database": "the registry's database cannot be reached, refuses, or holds what this pdfseal cannot read",
    # InternalError
    "internal": "a defect of pdfseal",
}


class PdfsealError(Exception):
    """Base of all errors. `code` is a key of `CODES`, `message` one sentence: what and where."""

    def __init__(self, code: str, message: str) -> None:
        if code not in CODES:  # a misspelt code is a defect of ours, never the caller's
            code, message = "internal", f"unlisted error code {code!r}: {message}"
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[PdfsealError], tuple[str, str]]:
        """Errors go from one process to another."""
        return type(self), (self.code, self.message)


class CallerError(PdfsealError):
    """The caller's fault."""


class RefusedError(CallerError):
    """A clear request that pdfseal refuses, with the reason."""


class DocumentError(PdfsealError):
    """The fault of the input: it cannot be read."""


class OutsideError(PdfsealError):
    """The outside world's fault."""


class InternalError(PdfsealError):
    """Our fault."""
