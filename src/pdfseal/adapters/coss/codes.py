"""The status codes of the interface, as data, and the error that carries one to the client.

`codes.tsv` is the whole table of the manual. Which code stands for which of our own errors is
decided here, in one place (`code_of`), so that it can be changed.
"""

from __future__ import annotations

from importlib import resources

from pdfseal.errors import PdfsealError

SUCCESS = 200

BAD_PARAMETER = 89000001
DATABASE_FAILED = 89000002
UNKNOWN_APPLICATION = 89000003
BAD_SIGNATURE_OF_REQUEST = 89000005
SERVICE_FAILED = 89000007
ID_NUMBER_EMPTY = 89000008
TOO_LARGE = 89003001
NO_CERTIFICATE = 89003005
NO_SUCH_SIGNER = 89003006
NO_PICTURE = 89003007
HASH_FAILED = 89003011
COMPOSITION_FAILED = 89003013
CERTIFICATE_DOES_NOT_FIT = 89003018
SIGNATURE_WRONG = 89003019
NOT_BASE64 = 89003020
CERTIFICATE_UNREADABLE = 89003021
CERTIFICATE_REVOKED = 89003026
NO_TRUSTED_ROOT = 89003027
CRL_MISSING = 89003028
CRL_FAILED = 89003029
CERTIFICATE_EXPIRED = 89003031
CERTIFICATE_NOT_YET_VALID = 89003035
PICTURE_TOO_LARGE = 89003036
NAME_HAS_SPACES = 89003037
ID_NUMBER_TAKEN = 89004001
USER_EXISTS = 89004002
ID_NUMBER_MALFORMED = 89004010
MOBILE_MALFORMED = 89004011
STATUS_MALFORMED = 89004012
UNIQUE_ID_TAKEN = 89004019
NO_SUCH_UNIQUE_ID = 89004020
NO_SUCH_USER = 89004022
NO_SUCH_DOCUMENT = 89004023
PATH_FAILED = 89004030
USER_CANCELLED = 89005004
USER_LOCKED = 89005005


def _read_table() -> dict[int, str]:
    text = resources.files("pdfseal.adapters.coss").joinpath("codes.tsv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {int(code): meaning for code, _, meaning in (line.partition("\t") for line in lines)}


MEANINGS: dict[int, str] = _read_table()


class CossError(Exception):
    """An answer other than success. `detail` says which field and why; it holds no value of a field."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(code, detail)

    @property
    def message(self) -> str:
        meaning = MEANINGS[self.code]
        return f"{meaning}: {self.detail}" if self.detail else meaning


# Our own codes -> the manual's. What is not listed is the service's own fault, told without detail.
_OF_OUR_CODES: dict[str, int] = {
    "argument": BAD_PARAMETER,
    "page_out_of_range": BAD_PARAMETER,
    "box_outside_page": BAD_PARAMETER,
    "box_too_large": BAD_PARAMETER,
    "keyword_not_found": BAD_PARAMETER,
    "picture_unreadable": BAD_PARAMETER,
    "picture_too_large": PICTURE_TOO_LARGE,
    "glyph_missing": BAD_PARAMETER,
    "wrong_password": BAD_PARAMETER,
    "certificate_unreadable": CERTIFICATE_UNREADABLE,
    "unknown_scheme": CERTIFICATE_DOES_NOT_FIT,
    "user_exists": USER_EXISTS,
    "identity_taken": ID_NUMBER_TAKEN,
    "unique_id_taken": UNIQUE_ID_TAKEN,
    "signature_invalid": SIGNATURE_WRONG,
    "digest_mismatch": COMPOSITION_FAILED,
    "hole_too_small": COMPOSITION_FAILED,
    "hole_not_empty": COMPOSITION_FAILED,
    "not_prepared": COMPOSITION_FAILED,
    "certificate_not_candidate": NO_CERTIFICATE,
    "signer_not_in_seal": COMPOSITION_FAILED,
    "seal_not_in_force": COMPOSITION_FAILED,
    "seal_invalid": COMPOSITION_FAILED,
    "timestamp_has_no_place": COMPOSITION_FAILED,
    "weak_algorithm": CERTIFICATE_DOES_NOT_FIT,
    "forbidden_by_document": BAD_PARAMETER,
    "dynamic_xfa": BAD_PARAMETER,
    "repair_refused": BAD_PARAMETER,
    "pdf_empty": BAD_PARAMETER,
    "not_a_pdf": BAD_PARAMETER,
    "pdf_damaged": BAD_PARAMETER,
    "pdf_no_pages": BAD_PARAMETER,
    "pdf_encrypted": BAD_PARAMETER,
    "pdf_ambiguous": BAD_PARAMETER,
    "limit_exceeded": BAD_PARAMETER,
    "asn1_malformed": BAD_PARAMETER,
    "container_malformed": BAD_PARAMETER,
    "field_unusable": BAD_PARAMETER,
    "tsa_failed": COMPOSITION_FAILED,
    "database": DATABASE_FAILED,
}


def coss_error(error: PdfsealError, *, field: str = "", detail: str = "") -> CossError:
    """The answer to one of our errors; `field` names the request's field that is to blame."""
    code = _OF_OUR_CODES.get(error.code, SERVICE_FAILED)
    if code in (SERVICE_FAILED, DATABASE_FAILED):
        return CossError(code)
    text = detail or error.message
    return CossError(code, f"{field}: {text}" if field else text)
