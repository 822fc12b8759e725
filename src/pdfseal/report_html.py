"""The report for people: one HTML file, in Chinese and English, that needs nothing else.

    to_html(report, file_name=…, judged_at=…, anchors=[…], pages=[…]) -> str

Law: it shows what the report says and decides nothing. Everything that comes out of a document is
hostile: escaped, without markup, with invisible and direction-changing characters made visible;
the page forbids itself scripts and the network. Pictures come in as bytes (`adapters.rendering`).
"""

from __future__ import annotations

import base64
import html
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import Any

from pdfseal import report_words as words
from pdfseal.report import Finding, Report, SignatureReport, etsi_status, time_json
from pdfseal.report_words import Words

_MARKS = {"good": "✓", "bad": "✗", "open": "?", "note": "i"}
_TONES = {"passed": "good", "failed": "bad", "indeterminate": "open", "unsigned": "open"}
_SEVERITY_TONES = {"error": "bad", "warning": "open", "info": "note"}
MAX_TEXT = 2000


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as displayed: PNG, and its size in points."""

    page: int
    width: float
    height: float
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealPicture:
    """A visible seal cut out of its page: which signature (0-based), and a PNG."""

    signature: int
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownAnchor:
    """A trust anchor that was used. `sha256`: lower-case hexadecimal."""

    subject: str
    sha256: str


def to_html(
    report: Report,
    *,
    file_name: str,
    judged_at: datetime,
    anchors: Sequence[ShownAnchor] | None,
    pages: Sequence[PagePicture] = (),
    seals: Sequence[SealPicture] = (),
) -> str:
    """The whole page. `anchors` None: none were given. Times are shown in UTC."""
    css = (resources.files("pdfseal") / "report.css").read_text(encoding="utf-8")
    body = [_head(report, file_name, judged_at, anchors)]
    body += [_signature(index, one, seals) for index, one in enumerate(report.signatures)]
    body += [_page(picture, report) for picture in pages]
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(file_name)}: {_text(words.VERDICTS[report.verdict][1])}</title>"
        f"<style>{css}</style></head>\n<body><main>\n" + "\n".join(body) + "\n</main></body></html>\n"
    )


# -- small parts ----------------------------------------------------------------------------


def _text(value: object) -> str:
    """Escaped, cut to a bearable length, and with nothing in it that cannot be seen."""
    shown = str(value)
    shown = shown if len(shown) <= MAX_TEXT else shown[:MAX_TEXT] + "…"
    return html.escape("".join(map(_visible, shown)))


def _visible(char: str) -> str:
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return f"⟨U+{ord(char):04X}⟩" if hidden else char


def _both(pair: Words) -> str:
    return f'<span class="zh">{_text(pair[0])}</span> <span class="en" lang="en">{_text(pair[1])}</span>'


def _lookup(table: dict[str, Words], key: str) -> Words:
    return table.get(key, (key, key))


def _badge(verdict: str) -> str:
    tone = _TONES[verdict]
    return f'<span class="badge {tone}"><b>{_MARKS[tone]}</b> {_both(words.VERDICTS[verdict])}</span>'


def _rows(rows: Sequence[tuple[str, str, object]]) -> str:
    """Name in both languages, value; rows without a value are left out."""
    lines = [
        f'<tr><th>{_text(zh)} <span class="en" lang="en">{_text(en)}</span></th><td>{_text(value)}</td></tr>'
        for zh, en, value in rows
        if value not in (None, "")
    ]
    return f"<table>{''.join(lines)}</table>"


def _image(png: bytes, alt: str) -> str:
    return f'<img alt="{_text(alt)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


# -- the file -------------------------------------------------------------------------------


def _head(report: Report, file_name: str, judged_at: datetime, anchors: Sequence[ShownAnchor] | None) -> str:
    file = report.file
    facts = _rows(
        [
            ("文件", "File", file_name),
            ("大小", "Size", f"{file.size:,} bytes"),
            ("SHA-256", "", file.sha256),
            ("SM3", "", file.sm3),
            ("验证时间", "Judged at", time_json(judged_at)),
            ("签章数", "Signatures", len(report.signatures)),
        ]
    )
    return (
        f'<header class="{_TONES[report.verdict]}"><h1>PDF 签章验证报告 '
        '<span class="en" lang="en">Signature verification report</span></h1>'
        f"<p class=verdict>{_badge(report.verdict)} {_both(words.FILE_SENTENCES[report.verdict])}</p>"
        "</header>"
        f"<section>{facts}{_store(anchors)}</section>"
    )


def _store(anchors: Sequence[ShownAnchor] | None) -> str:
    title = '<h3>信任列表 <span class="en" lang="en">Trust store used</span></h3>'
    if not anchors:
        return f"{title}<p>{_both(words.ADVICE_NOT_CHECKED)}</p>"
    shown = "".join(
        f"<li>{_text(one.subject)}<br><code>SHA-256 {_text(one.sha256)}</code></li>" for one in anchors[:20]
    )
    more = f"<li>… {len(anchors) - 20}</li>" if len(anchors) > 20 else ""
    return f"{title}<ul>{shown}{more}</ul>"


# -- a signature ----------------------------------------------------------------------------


def _signature(index: int, one: SignatureReport, seals: Sequence[SealPicture]) -> str:
    pictures = "".join(_image(seal.png, f"seal {index + 1}") for seal in seals if seal.signature == index)
    figure = f'<div class="seal">{pictures}</div>' if pictures else ""
    name = one.signer.common_name if one.signer is not None else one.field or ""
    cards = "".join(
        f'<div class="card {tone}"><h3>{title}</h3>{body}</div>' for title, tone, body in _cards(one)
    )
    return (
        f'<section class="signature" id="s{index + 1}"><h2>{index + 1}. {_text(name)} '
        f"<small>{_both(_lookup(words.KINDS, one.kind))}</small></h2>"
        f"<p class=verdict>{_badge(one.verdict)} {_both(_lookup(words.SIGNATURE_SENTENCES, one.verdict))}</p>"
        f'{figure}<div class="cards">{cards}</div>{_advice(one)}{_details(one)}'
        f"{_findings(one.findings)}</section>"
    )


def _cards(one: SignatureReport) -> Iterator[tuple[str, str, str]]:
    """Title, tone and body of the four sub-results, apart from each other."""
    good = one.digest_ok is True and one.signature_ok is True
    bad = one.digest_ok is False or one.signature_ok is False
    tone = "good" if good else "bad" if bad else "open"
    pair = words.INTEGRITY_GOOD if good else words.INTEGRITY_BAD if bad else words.INTEGRITY_OPEN
    covered = _both(_lookup(words.COVERAGE, one.coverage))
    yield _card_title(tone, "完整性", "Integrity"), tone, f"<p>{_both(pair)}</p><p>{covered}</p>"
    tone = "good" if one.changes.allowed else "bad"
    body = f"<p>{_both(_lookup(words.CHANGES, one.changes.level))}</p>"
    yield _card_title(tone, "后续改动", "Later changes"), tone, body
    tone = {"trusted": "good", "revoked": "bad", "invalid": "bad"}.get(one.trust.status, "open")
    if any(finding.code == "trust.revoked_no_proof" for finding in one.findings):
        tone = "open"
    body = f"<p>{_both(_lookup(words.TRUST, one.trust.status))}</p>"
    body += f"<p>{_both(_lookup(words.REVOCATION, one.trust.revocation))}</p>"
    yield _card_title(tone, "信任", "Trust"), tone, body
    tone, pair, moment = _time(one)
    yield _card_title(tone, "时间", "Time"), tone, f"<p>{_moment(moment)}</p><p>{_both(pair)}</p>"


def _moment(moment: str | None) -> str:
    """Date and time of day, parted only between them."""
    return " ".join(f'<span class="whole">{_text(part)}</span>' for part in (moment or "").split("T") if part)


def _card_title(tone: str, zh: str, en: str) -> str:
    return f'<b>{_MARKS[tone]}</b> {zh} <span class="en" lang="en">{en}</span>'


def _time(one: SignatureReport) -> tuple[str, Words, str | None]:
    """Tone, words, and the moment: the proven one where there is one."""
    stated = time_json(one.signing_time)
    if one.timestamp is not None and one.timestamp.get("status") != "trusted":
        status = str(one.timestamp.get("status"))
        tone = "bad" if status in ("invalid", "revoked") else "open"
        return tone, words.TIMESTAMP.get(status, words.TIMESTAMP_OTHER), stated
    if one.timestamp is not None:
        return "good", words.TIMESTAMP["trusted"], str(one.timestamp.get("gen_time"))
    if one.proven_time is not None:
        return "good", words.TIME_COVERED, time_json(one.proven_time)
    return "note", words.TIME_CLAIMED if stated else words.TIME_ABSENT, stated


def _advice(one: SignatureReport) -> str:
    advice = words.ADVICE.get(one.trust.status)
    if one.trust.status == "trusted" and one.trust.revocation == "unknown":
        advice = words.ADVICE_REVOCATION
    return f'<p class="advice">{_both(advice)}</p>' if advice else ""


def _details(one: SignatureReport) -> str:
    signer, indication = one.signer, " / ".join(part for part in etsi_status(one) if part)
    rows: list[tuple[str, str, object]] = []
    if signer is not None:
        rows += [
            ("签章人", "Signer", signer.subject),
            ("颁发者", "Issuer", signer.issuer),
            ("证书序列号", "Serial number", signer.serial),
            ("证书有效期", "Valid", f"{time_json(signer.not_before)} – {time_json(signer.not_after)}"),
        ]
    rows += [
        ("证书链", "Path", " → ".join(one.trust.chain)),
        ("说明", "Reason", one.trust.reason),
        ("算法", "Algorithm", one.algorithm),
        ("声明的时间", "Stated time", time_json(one.signing_time)),
        ("证明的时间", "Proven time", time_json(one.proven_time)),
        ("ETSI EN 319 102-1", "", indication),
        ("签名域", "Field", one.field),
        ("格式", "SubFilter", one.subfilter),
        ("签章原因", "Stated reason", one.reason),
        ("地点", "Location", one.location),
        ("位置", "Place", "; ".join(_place(box) for box in one.boxes)),
        *_seal_rows(one.seal),
        *((f"吊销 {seen.subject}", "Revocation", seen.reason) for seen in one.trust.certificates),
    ]
    summary = '<summary>详情 <span class="en" lang="en">Details</span></summary>'
    return f"<details open>{summary}{_rows(rows)}</details>"


def _place(box: Any) -> str:
    rect = box.rect
    return f"p. {box.page}: {rect.left:.1f}, {rect.bottom:.1f}, {rect.right:.1f}, {rect.top:.1f} pt"


def _seal_rows(seal: dict[str, Any] | None) -> Iterator[tuple[str, str, object]]:
    if seal is None:
        return
    maker = seal.get("maker") or {}
    yield "印章名称", "Seal", seal.get("name")
    yield "印章编号", "Seal ID", seal.get("id")
    yield "印章有效期", "Seal valid", f"{seal.get('valid_from')} – {seal.get('valid_until')}"
    yield "制章人", "Maker", maker.get("subject")
    yield "制章人证书", "Maker's trust", (seal.get("maker_trust") or {}).get("status")


def _findings(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        tone = _SEVERITY_TONES[finding.severity]
        chinese = next((zh for prefix, zh in words.FINDINGS if finding.code.startswith(prefix)), "")
        lines.append(
            f'<li class="{tone}"><b>{_MARKS[tone]}</b> {_both((chinese, finding.message))} '
            f"<code>{_text(finding.code)}</code></li>"
        )
    return f'<ul class="findings">{"".join(lines)}</ul>' if lines else ""


# -- pages ----------------------------------------------------------------------------------


def _page(picture: PagePicture, report: Report) -> str:
    """The page's picture with a frame around every seal on it; places in per cent, so that it scales."""
    frames = []
    for index, one in enumerate(report.signatures):
        for box in one.boxes:
            if box.page != picture.page:
                continue
            left, top = box.rect.left / picture.width, 1 - box.rect.top / picture.height
            width, height = box.rect.width / picture.width, box.rect.height / picture.height
            style = ";".join(
                f"{name}:{value * 100:.3f}%"
                for name, value in (("left", left), ("top", top), ("width", width), ("height", height))
            )
            frames.append(f'<a href="#s{index + 1}" class="frame {_TONES[one.verdict]}" style="{style}">'
                          f"<span>{index + 1}</span></a>")  # fmt: skip
    return (
        f'<section class="page"><h2>第 {picture.page} 页 '
        f'<span class="en" lang="en">Page {picture.page}</span></h2>'
        f'<div class="sheet">{_image(picture.png, f"page {picture.page}")}{"".join(frames)}</div></section>'
    )
