"""pdfseal: electronic seals on PDF files, signed by a key that lives elsewhere.

import pdfseal

prepared = pdfseal.prepare(
    "contract.pdf",
    placement=pdfseal.InRectangle(page=1, rect=pdfseal.Rect(350, 200, 600, 300)),
    appearance=pdfseal.Appearance(picture=open("seal.png", "rb").read()),
    signer=open("signer.pem", "rb").read(),
)
prepared.write("prepared.pdf")
signature = ask_the_outside_signer(prepared.hash_set_bytes)
pdfseal.compose(prepared, signature).write_in_place("prepared.pdf")    # now it is sealed

report = pdfseal.verify("prepared.pdf", trust=pdfseal.TrustAnchors.load(root_pem))
print(report.verdict)                                                   # passed
"""

from pdfseal.api import (
    CONTAINER_SCHEMES,
    attach_timestamp,
    compose,
    compose_prepared,
    compose_timestamp,
    extend,
    inspect,
    locate,
    prepare,
    prepare_timestamp,
    read_texts,
    stamp_signature,
    timestamp_document,
    verify,
)
from pdfseal.errors import (
    CallerError,
    DocumentError,
    InternalError,
    OutsideError,
    PdfsealError,
    RefusedError,
)
from pdfseal.geometry import Point, Rect, Size, mm_to_points, points_to_mm
from pdfseal.inspection import Inspection
from pdfseal.pdf.drawing.caption import Caption, QrCode
from pdfseal.pdf.permission import FieldLock
from pdfseal.pdf.text.pages import PageTexts
from pdfseal.pdf.text.search import Located, Match, MatchPart
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import TrustAnchors
from pdfseal.placement import AtKeyword, AtPoint, Box, InRectangle, IntoField, Several, Straddle
from pdfseal.prepared import Patch, PreparedSeal
from pdfseal.report import Finding, Report, SignatureReport
from pdfseal.sealimage import BlockSeal, OvalSeal, PersonalSeal, RoundSeal, seal_image
from pdfseal.sealing import Appearance, Wording
from pdfseal.stamping import Stamped

__version__ = "0.1.0"

__all__ = [
    "CONTAINER_SCHEMES",
    "Appearance",
    "AtKeyword",
    "AtPoint",
    "BlockSeal",
    "Box",
    "CallerError",
    "Caption",
    "Certificate",
    "DocumentError",
    "FieldLock",
    "Finding",
    "InRectangle",
    "Inspection",
    "InternalError",
    "IntoField",
    "Located",
    "Match",
    "MatchPart",
    "OutsideError",
    "OvalSeal",
    "PageTexts",
    "Patch",
    "PdfsealError",
    "PersonalSeal",
    "Point",
    "PreparedSeal",
    "QrCode",
    "Rect",
    "RefusedError",
    "Report",
    "RoundSeal",
    "Several",
    "SignatureReport",
    "Size",
    "Stamped",
    "Straddle",
    "TrustAnchors",
    "Wording",
    "__version__",
    "attach_timestamp",
    "compose",
    "compose_prepared",
    "compose_timestamp",
    "extend",
    "inspect",
    "locate",
    "mm_to_points",
    "points_to_mm",
    "prepare",
    "prepare_timestamp",
    "read_texts",
    "seal_image",
    "stamp_signature",
    "timestamp_document",
    "verify",
]
