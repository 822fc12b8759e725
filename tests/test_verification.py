"""The verdict: sub-results kept apart, trust never assumed, agreement and disagreement with pyHanko."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

import pdfseal
from pdfseal.pdf.changes import LEVELS
from pdfseal.report import Finding, sum_up, verdict_of
from pdfseal.verification import parse_pdf_date
from tests.support.attacks import Attack, attack, attacks, codes, judge
from tests.support.oracles import pyhanko_status
from tests.support.sealing import FIXTURES, WHEN, certificate, private_key, seal, trust

FAMILIES = ("rsa", "p256", "p384", "sm2")


def plain() -> bytes:
    return (FIXTURES / "pdf" / "table.pdf").read_bytes()


# ---- one signature ---------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_passed(family: str):
    report = pdfseal.verify(seal(plain(), family=family).pdf, trust=trust(family), at=WHEN)
    (one,) = report.signatures
    assert (report.verdict, one.verdict, one.kind, one.coverage) == ("passed", "passed", "cms", "whole_file")
    assert (one.digest_ok, one.signature_ok, one.trust.status) == (True, True, "trusted")
    assert one.trust.revocation == "not_checked"
    assert len(one.trust.chain) == 3
    assert one.signing_time == WHEN
    assert one.signer is not None
    assert one.signer.common_name
    report.require_valid()


def test_without_anchors_nothing_is_trusted():
    report = pdfseal.verify(seal(plain()).pdf)
    assert report.verdict == "indeterminate"
    assert (report.signatures[0].trust.status, report.signatures[0].trust.chain) == ("not_checked", ())
    assert codes(report) == {"trust_not_checked"}


def test_no_anchors_at_all_is_not_the_same_as_none_given():
    report = pdfseal.verify(seal(plain()).pdf, trust=pdfseal.TrustAnchors(()), at=WHEN)
    assert report.verdict == "indeterminate"
    assert report.signatures[0].trust.status != "trusted"


@pytest.mark.parametrize("stranger", ["rsa", "p384", "sm2"])
def test_anchors_of_somebody_else(stranger: str):
    report = pdfseal.verify(seal(plain()).pdf, trust=trust(stranger), at=WHEN)
    assert report.verdict == "indeterminate"
    assert report.signatures[0].signature_ok


def test_embedded_certificates_are_no_anchors():
    """The container brings the whole chain and its root; without the caller's anchor it proves nothing."""
    chain = [(FIXTURES / "pki" / f"p256-{name}.crt.pem").read_bytes() for name in ("inter", "root")]
    prepared = pdfseal.prepare(
        plain(),
        placement=None,
        signer=certificate("p256-signer"),
        chain=chain,
        when=WHEN,
    )
    signature = private_key("p256-signer").sign(prepared.hash_set_bytes, pdfseal.api.SCHEMES["ecdsa-sha256"])
    sealed = pdfseal.compose(prepared, signature).applied_to(prepared.pdf_bytes())
    assert pdfseal.verify(sealed, trust=trust("rsa"), at=WHEN).verdict == "indeterminate"
    assert pdfseal.verify(sealed, trust=trust("p256"), at=WHEN).verdict == "passed"


@pytest.mark.parametrize(("year", "status"), [(1990, "not_yet_valid"), (2199, "expired")])
def test_moment_of_judgement(year: int, status: str):
    report = pdfseal.verify(seal(plain()).pdf, trust=trust("p256"), at=datetime(year, 1, 1, tzinfo=UTC))
    assert report.verdict == "indeterminate"
    assert report.signatures[0].trust.status == status


def test_unsigned():
    report = pdfseal.verify(plain())
    assert (report.verdict, report.signatures) == ("unsigned", ())
    with pytest.raises(pdfseal.RefusedError) as caught:
        report.require_valid()
    assert caught.value.code == "report_not_valid"


@pytest.mark.parametrize(
    "name", ["text-file", "empty", "truncated", "startxref-wrong", "prev-loop", "no-page-tree"]
)
def test_unreadable_input_is_an_error_and_no_verdict(pdfs, name: str):
    if name == "no-page-tree":
        assert pdfseal.verify((pdfs / f"{name}.pdf").read_bytes()).verdict == "unsigned"
        return
    with pytest.raises(pdfseal.DocumentError):
        pdfseal.verify((pdfs / f"{name}.pdf").read_bytes())


# ---- several signatures ----------------------------------------------------------------------------


def test_four_signatures_of_four_families():
    pdf = plain()
    for family in FAMILIES:
        pdf = seal(pdf, family=family).pdf
    anchors = pdfseal.TrustAnchors(tuple(one for family in FAMILIES for one in trust(family).certificates))
    report = pdfseal.verify(pdf, trust=anchors, at=WHEN)
    assert report.verdict == "passed"
    assert [one.changes.level for one in report.signatures] == ["signatures"] * 3 + ["none"]
    assert [one.changes.revisions for one in report.signatures] == [3, 2, 1, 0]
    algorithms = [one.algorithm for one in report.signatures]
    assert algorithms == ["rsa-sha256", "ecdsa-sha256", "ecdsa-sha384", "sm2-sm3"]


def test_the_worst_counts():
    once = seal(plain()).pdf
    twice = bytearray(seal(once, family="rsa").pdf)
    assert judge(bytes(twice)).verdict == "indeterminate"  # rsa-root is no anchor here
    twice[len(once) + 40] ^= 1  # in the second revision
    assert judge(bytes(twice)).verdict == "failed"


def test_file_facts():
    import hashlib

    pdf = seal(plain()).pdf
    report = pdfseal.verify(pdf)
    assert report.file.sha256 == hashlib.sha256(pdf).hexdigest()
    assert report.file.size == len(pdf)
    assert len(report.file.sm3) == 64


# ---- the report as JSON ----------------------------------------------------------------------------


@pytest.mark.parametrize("one", attacks(), ids=lambda one: one.name.removesuffix(".pdf"))
def test_json(one: Attack):
    report = judge(one.data)
    value = json.loads(json.dumps(report.to_json(), ensure_ascii=False))
    assert (value["schema"], value["verdict"]) == (1, one.verdict)
    keys = {
        "field", "verdict", "kind", "subfilter", "coverage", "digest_ok", "signature_ok", "changes",
        "algorithm",
        "signer", "signing_time", "timestamp", "trust", "seal", "boxes", "findings",
    }  # fmt: skip
    for signature in value["signatures"]:
        assert keys <= set(signature)
        assert signature["changes"].keys() >= {"level", "allowed"}
        assert signature["coverage"] in ("whole_file", "revision", "partial", "none")
        assert signature["changes"]["level"] in LEVELS


def test_verdicts_from_findings():
    def of(*severities: str) -> str:
        return verdict_of(tuple(Finding("x", severity, "x") for severity in severities))  # type: ignore[arg-type]

    assert of() == of("info") == "passed"
    assert of("warning", "info") == "indeterminate"
    assert of("warning", "error") == "failed"
    assert sum_up(()) == "unsigned"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("D:20260601123000+08'00'", WHEN),
        ("D:20260601123000+08'00", WHEN),
        ("D:20260601123000+0800", WHEN),
        ("D:20260601043000Z", WHEN),
        ("D:20260601043000Z00'00'", WHEN),
        ("20260601043000+00'00'", WHEN),
        ("D:20260601003000-04'00'", WHEN),
        ("D:20260601", None),
        ("D:20260601043000", None),
        ("D:20261301043000Z", None),
        ("D:00000000000000Z", None),
        ("D:00010101000000+23'59'", None),
        ("D:20260601043000+99'99'", None),
        ("D:20260601043000*08'00'", None),
        ("", None),
        ("D:", None),
        ("Monday", None),
        ("D:٢٠٢٦0601043000Z", None),
    ],
)
def test_pdf_dates(text: str, moment: datetime | None):
    found = parse_pdf_date(text)
    if moment is None and text == "D:20260601043000+99'99'":
        assert found is None or found.tzinfo is not None  # nonsense, but not a crash
    elif moment is None and "٢" in text:
        assert found in (None, WHEN)
    else:
        assert found == moment


def test_zones_do_not_matter():
    at = WHEN.astimezone(timezone(timedelta(hours=8)))
    assert pdfseal.verify(seal(plain()).pdf, trust=trust("p256"), at=at).verdict == "passed"


# ---- pyHanko on the same samples -------------------------------------------------------------------

# What pyHanko accepts and pdfseal refuses, each with the reason why.
PYHANKO_ACCEPTS = {
    "bytes-appended": "bytes behind the end that no section lists: a repairing reader shows them",
    "second-startxref": "the same, without objects",
    "second-piece-shifted": "the second piece begins in /Contents, the file's end is not signed",
    "entry-beyond-the-end": "the signed table points behind its own end",
    "stream-reaches-over-the-end": "a signed stream goes on in what is appended",
    "signature-taken-out-of-the-form": "a later revision hides a signature",
    "unsigned-signature-field-covers-the-page": "a new field that nobody signed shows what it likes",
    "field-locked-by-the-field-filled": "pyHanko reads the lock of the references alone, not /Lock",
    "locked-appearance-drawn-anew": "pyHanko lets the appearance of a locked field be drawn anew",
    "appearance-became-a-stream-of-another-kind": "pyHanko takes any stream for an appearance",
    "table-joined-to-its-first-row": "pyHanko reads the table, and others rebuild it",
    "previous-with-a-nul": "pypdf takes it for an entry of another name",
    "object-stream-filter-crypt": "pdfium knows no /Crypt in a document that is not encrypted",
    "object-stream-filter-in-short": "poppler and MuPDF take /F for /Filter",
    "object-stream-parameters-in-short": "poppler and MuPDF take /DP for /DecodeParms",
    "object-stream-first-with-a-nul": "poppler takes /First#00 for /First",
    "packed-objects-inside-each-other": "MuPDF reads what is packed only up to where the next object begins",
}
PYHANKO_ACCEPTS |= dict.fromkeys(
    (
        *(f"length{how}-comes-true" for how in (
            "", "-with-zeros", "-behind-a-comment", "-with-a-sign", "-with-a-decoy",
            "-in-a-long-dictionary", "-of-the-content",
        )),
        *(f"signed-object-{how}" for how in (
            "in-plain-sight", "with-a-wide-gap", "with-a-comment", "with-a-form-feed", "with-many-zeros",
            "with-a-long-generation", "with-a-sign", "with-a-minus", "with-long-comments",
        )),
        *(f"appended-object-{how}" for how in (
            "in-plain-sight", "with-a-wide-gap", "with-a-sign", "with-long-comments",
        )),
        *(f"packed-with-{how}" for how in (
            "more-words", "a-large-number", "no-order", "one-offset-for-two", "a-word",
        )),
        *(f"lock-of-{what}" for what in (
            "the-field-above-the-widget", "a-parent-that-is-no-object", "another-field-of-the-signature",
        )),
        "signed-table-lists-an-object-twice", "catalog-is-the-graphics-states",
        "locked-fields-drawn-anew", "locked-fields-given-another-font",
        "locked-field-has-another-name-by-its-parent",
        "empty-field-with-a-border", "empty-field-with-a-border-style",
    ),
    "pyHanko asks for nothing but its own reading, and other readers find something else",
)  # fmt: skip
PYHANKO_ACCEPTS |= {
    "state-of-a-button-exchanged-by-its-dictionary": "pyHanko does not ask which state a button is in",
    "standard-font-with-another-encoding": "pyHanko lets /DR grow, whatever it makes of signed text",
    "widget-comes-to-be-printed": "pyHanko takes /F for filling in",
    "box-at-the-end-of-a-chain": "pyHanko follows references as far as they go",
    "pushbutton-given-an-appearance": "pyHanko counts a pushbutton as a field that is filled in",
    "pushbutton-appearance-drawn-anew": "pyHanko counts a pushbutton as a field that is filled in",
    "appearance-without-a-box": "pyHanko takes any stream for an appearance; pdfium clips it to nothing",
    "appearance-from-far-away": "pyHanko takes any stream for an appearance; pdfium and mupdf round it off",
    "appearance-loses-its-box": "pyHanko takes any stream for an appearance; pdfium clips it to nothing",
    "state-without-a-box": "pyHanko takes any stream for an appearance; pdfium clips it to nothing",
    "field-without-a-rectangle": "pyHanko does not ask where a field stands; mupdf fits it into nothing",
    "document-timestamp-covers-the-page": "pyHanko lets a document timestamp show what it likes",
    "empty-field-named-in-a-language": "pyHanko takes the code of a language for a part of the name",
    "locked-field-named-in-another-encoding": "pyHanko reads the lock of the references alone, not /Lock",
    "form-comes-to-have-the-font": "pyHanko reads the lock of the references alone, not /Lock",
    "form-comes-to-say-how-to-draw": "pyHanko reads the lock of the references alone, not /Lock",
    "font-of-the-form-exchanged": "pyHanko lets the fonts of the form be exchanged",
}
PYHANKO_ACCEPTS |= {
    "length-beyond-the-end": "pyHanko goes by the bytes that are there when it comes to the signed state",
    "entry-leads-to-another-number": "pyHanko rebuilds nothing; pypdf takes the number that it finds there",
    "signature-of-two-fields": "pyHanko reports a signature by one of its fields",
    "certified-twice-over": "pyHanko goes by the first of two transforms",
    "version-leads-nowhere": "pyHanko rebuilds nothing; poppler does where a reference leads nowhere",
    "version-with-a-wrong-generation": "pyHanko rebuilds nothing; poppler does where nothing is found",
    "version-leads-nowhere-from-a-table": "pyHanko rebuilds nothing, so that what is packed is not lost",
    "two-entries-share-a-head": "pyHanko rebuilds nothing; poppler does where a reference leads nowhere",
    "line-behind-a-linearized-file": "pyHanko goes by startxref; poppler by the length that was said",
    "revision-behind-a-linearized-file": "pyHanko goes by startxref; poppler by the length that was said",
    "locked-field-inherits-a-value": "pyHanko asks which field was changed, not which ones inherit",
    "locked-field-inherits-as-an-orphan": "pyHanko asks which field was changed, not which ones inherit",
    "empty-field-named-with-an-open-escape": "pyHanko takes the escape for a part of the name",
    "signature-called-a-timestamp": "pyHanko goes by /Type, whoever signed",
    "signature-called-a-timestamp-under-a-lock": "pyHanko reads the lock of the references alone, not /Lock",
    "font-added-for-an-annotation": "pyHanko lets the form come to have fonts, whoever waits for them",
    "font-added-for-a-field-that-is-read-only": "pyHanko lets the form come to have fonts",
    "default-appearance-of-the-form-added": "pyHanko lets the form come to say how to draw",
    "captions-drawn-anew": "pyHanko lets readers be told to draw anew, whatever they then show",
    "signature-field-with-a-script": "pyHanko lets a signature field bring what it likes",
}
# What pyHanko refuses and pdfseal accepts.
PYHANKO_REFUSES = {
    "control-docmdp-2-signed-again": "P 2 permits signing (ISO 32000-2, table 257)",
    "control-docmdp-3-annotation-added": "P 3 permits annotations; pyHanko judges none",
    "control-note-that-names-no-page": "P 3 permits annotations; pyHanko judges none",
    "control-encrypted-anew": "pyHanko is not told to decrypt it with an empty password",
    "control-widget-two-levels-below": "pyHanko looks for widgets among the kids of the field alone",
    "control-filled-in-and-made-read-only": "filling in may set rich text (12.7.4.3) and the size of text",
    "control-frame-written-anew": "Firefox writes /MK again, and its colours in another space",
    "control-saved-by-a-browser": "compressed or not, the content of the page is the same",
    "control-page-says-what-it-inherited": "written out or inherited, the page is the same (7.7.3.4)",
}


def opinion(sample: Attack) -> str:
    try:
        statuses = pyhanko_status(sample.path, [FIXTURES / "pki" / "p256-root.crt.pem"], at=WHEN)
    except Exception:  # it raises what it likes on hostile files: that is a refusal
        return "refuses"
    if not statuses:
        return "sees no signature"
    return "accepts" if all(status.bottom_line for status in statuses) else "refuses"


@pytest.mark.parametrize("one", attacks(), ids=lambda one: one.name.removesuffix(".pdf"))
def test_pyhanko_agrees_or_the_reason_is_known(one: Attack, caplog: pytest.LogCaptureFixture):
    name, found = one.name.removesuffix(".pdf"), opinion(one)
    if one.verdict == "passed":
        assert (found != "accepts") == (name in PYHANKO_REFUSES), found
    else:
        assert (found == "accepts") == (name in PYHANKO_ACCEPTS), found


def test_lists_of_disagreements_are_up_to_date():
    names = {one.name.removesuffix(".pdf") for one in attacks()}
    assert set(PYHANKO_ACCEPTS) | set(PYHANKO_REFUSES) <= names
    assert attack("control-signed.pdf").verdict == "passed"
