"""The report for people: complete, self-contained, in both languages, deaf to hostile names."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from PIL import Image

import pdfseal
from pdfseal.adapters.rendering import render_for_report
from pdfseal.report import Finding, etsi_status
from pdfseal.report_html import ShownAnchor, to_html
from tests.conftest import FIXTURES
from tests.support.longterm import EXTENDED, SEALED, TEN_YEARS_ON, World

PDF = (FIXTURES / "pdf" / "table.pdf").read_bytes()
WHEN = datetime(2026, 6, 2, tzinfo=UTC)
ANCHORS = [ShownAnchor("C=CN,CN=根", "ab" * 32)]


class Outline(HTMLParser):
    """Tags, attributes, text; fails on what is not closed."""

    VOID = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.fixture(scope="module")
def here() -> World:
    return World("sm2")


@pytest.fixture(scope="module")
def sealed(here) -> bytes:
    return here.sealed(PDF, "ses2020")


def page(report: pdfseal.Report, pdf: bytes | None = None, **options) -> str:
    rendered = render_for_report(pdf, report) if pdf is not None else None
    options = {"file_name": "合同.pdf", "judged_at": WHEN, "anchors": ANCHORS, **options}
    if rendered is not None:
        options |= {"pages": rendered.pages, "seals": rendered.seals}
    return to_html(report, **options)


def test_everything_is_on_it(here, sealed):
    report = here.verified(sealed, WHEN, untrusted=[here.ca.certificate])
    text = page(report, sealed)
    outline = Outline(text)
    signer = report.signatures[0].signer
    for word in (
        "通过", "Passed", "完整性", "Integrity", "后续改动", "Later changes", "信任", "Trust", "时间", "Time",
        signer.subject, signer.issuer, signer.serial, "2025-01-01T00:00:00Z", "sm2-sm3", report.file.sha256,
        report.file.sm3, "合同.pdf", "TOTAL-PASSED", "the whole file", "C=CN,CN=根", "长期章",
    ):  # fmt: skip
        assert word in outline.words, word
    pictures = [attributes["src"] for tag, attributes in outline.tags if tag == "img"]
    assert len(pictures) == 2  # the page, and the seal by itself
    for source in pictures:
        with Image.open(io.BytesIO(base64.b64decode(source.split(",", 1)[1]))) as picture:
            assert max(picture.size) > 200
    frames = [attributes for tag, attributes in outline.tags if attributes.get("class") == "frame good"]
    assert len(frames) == 1
    box = report.signatures[0].boxes[0].rect
    left = float(re.search(r"left:([\d.]+)%", frames[0]["style"])[1])
    width = float(re.search(r"width:([\d.]+)%", frames[0]["style"])[1])
    assert width / left == pytest.approx(box.width / box.left, rel=0.01)


def test_it_needs_nothing_else(here, sealed):
    text = page(here.verified(sealed, WHEN), sealed)
    assert "default-src 'none'" in text
    assert not re.search(r"<script|javascript:|https?://|@import|url\(", text)
    for _, attributes in Outline(text).tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert str(attributes.get("src", "data:image/png;base64,")).startswith("data:image/png;base64,")
        assert str(attributes.get("href", "#")).startswith("#")


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202egpj.exe\u0000\u2066&amp;'


def test_hostile_names(here, sealed):
    report = here.verified(sealed, WHEN)
    one = report.signatures[0]
    evil = replace(
        one,
        field=HOSTILE, subfilter=HOSTILE, reason=HOSTILE, location=HOSTILE, algorithm=HOSTILE, kind=HOSTILE,
        coverage=HOSTILE, signer=replace(one.signer, common_name=HOSTILE, subject=HOSTILE, issuer=HOSTILE),
        trust=replace(one.trust, status=HOSTILE, revocation=HOSTILE, reason=HOSTILE, chain=(HOSTILE,)),
        changes=replace(one.changes, level=HOSTILE), timestamp={"status": HOSTILE, "gen_time": HOSTILE},
        seal={**one.seal, "name": HOSTILE, "id": HOSTILE}, findings=(Finding(HOSTILE, "info", HOSTILE),),
    )  # fmt: skip
    text = page(replace(report, signatures=(evil,)), file_name=HOSTILE, anchors=[ShownAnchor(HOSTILE, "00")])
    outline = Outline(text)
    assert {tag for tag, _ in outline.tags} <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "span", "p",
        "b", "section", "table", "tr", "th", "td", "ul", "li", "br", "code", "div", "small", "details",
        "summary",
    }  # fmt: skip
    assert "\u202e" not in text
    assert "⟨U+202E⟩" in outline.words
    assert "<script>alert(1)</script>" in outline.words  # shown, not run
    long = page(replace(report, signatures=(replace(evil, reason="长" * 100_000),)))
    assert len(long) < 100_000


@pytest.mark.parametrize("file", ["plain", "broken", "unsigned", "nobody", "ten-years"])
def test_every_verdict(here, sealed, file):
    pdf, options, at = sealed, {"untrusted": [here.ca.certificate]}, WHEN
    if file == "broken":
        pdf = sealed.replace(b"%PDF-1.", b"%PDF-2.", 1)
    elif file == "unsigned":
        pdf = PDF
    elif file == "ten-years":
        pdf, at = here.extended(here.sealed(PDF), "B-LTA", now=EXTENDED), TEN_YEARS_ON
    report = here.verified(pdf, at, **options)
    if file == "nobody":
        report = pdfseal.verify(pdf, at=at)
    outline = Outline(page(report, pdf, anchors=None if file == "nobody" else ANCHORS))
    expected = {"plain": "Passed", "broken": "Failed", "unsigned": "Unsigned", "nobody": "Indeterminate",
                "ten-years": "proven by a later document timestamp"}  # fmt: skip
    assert expected[file] in outline.words
    if file == "nobody":
        assert "--trust" in outline.words


def test_what_to_do_about_an_unknown_root(here, sealed):
    stranger = World("p256").trust
    between = [here.ca.certificate, here.root.certificate]
    report = pdfseal.verify(sealed, trust=stranger, untrusted=between, at=WHEN)
    assert report.signatures[0].trust.status == "untrusted_root"
    words = Outline(page(report)).words
    assert "切勿直接信任文件自带的根证书" in words
    assert "compare the fingerprint" in words


@pytest.mark.parametrize(
    ("verdict", "code", "severity", "expected"),
    [
        ("passed", "changes.ltv", "info", ("TOTAL-PASSED", "")),
        ("failed", "digest_mismatch", "error", ("TOTAL-FAILED", "HASH_FAILURE")),
        ("failed", "signature_invalid", "error", ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")),
        ("failed", "container_unreadable", "error", ("TOTAL-FAILED", "FORMAT_FAILURE")),
        ("failed", "trust.revoked", "error", ("TOTAL-FAILED", "REVOKED")),
        ("failed", "trust.invalid", "error", ("INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")),
        ("failed", "changes.other", "error", ("TOTAL-FAILED", "")),
        ("indeterminate", "trust.untrusted_root", "warning", ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")),
        ("indeterminate", "trust.expired", "warning", ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")),
        ("indeterminate", "trust.revoked_no_proof", "warning", ("INDETERMINATE", "REVOKED_NO_POE")),
        ("indeterminate", "trust.unknown_revocation", "warning", ("INDETERMINATE", "TRY_LATER")),
        ("indeterminate", "something", "warning", ("INDETERMINATE", "GENERIC")),
    ],
)  # fmt: skip
def test_words_of_the_standard(here, sealed, verdict, code, severity, expected):
    one = here.verified(sealed, WHEN).signatures[0]
    judged = replace(one, verdict=verdict, findings=(Finding(code, severity, "."),))
    assert etsi_status(judged) == expected


def test_a_document_that_cannot_be_shown(here, sealed):
    report = here.verified(sealed, WHEN)
    rendered = render_for_report(b"%PDF-1.7 nothing", report)
    assert (rendered.pages, bool(rendered.reason)) == ((), True)
    assert SEALED < WHEN
