from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pdfseal import asn1
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import CallerError
from pdfseal.pki import trust
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.issue import PROFILES, Profile
from pdfseal.pki.trust import TrustAnchors, validate_path
from tests.support.pki import FAMILIES, NOW, PKI, Issued, certificate, issue


def anchors(*names: str) -> TrustAnchors:
    return TrustAnchors.load(*((PKI / f"{name}.crt.pem").read_bytes() for name in names))


def judge(leaf: Certificate | Issued, roots, between=(), **options) -> trust.PathResult:
    def plain(one):
        return one.certificate if isinstance(one, Issued) else one

    if not isinstance(roots, TrustAnchors):
        roots = TrustAnchors(tuple(map(plain, roots)))
    options = {"at": NOW, **options}
    return validate_path(plain(leaf), anchors=roots, untrusted=tuple(map(plain, between)), **options)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_chain_of_three(family):
    chain = tuple(certificate(f"{family}-{name}") for name in ("signer", "inter", "root"))
    result = judge(chain[0], anchors(f"{family}-root"), [chain[1]])
    assert (result.status, result.chain, result.reason, result.revocation) == (
        "trusted",
        chain,
        "",
        "not_checked",
    )
    # the order and the company of untrusted certificates do not matter
    crowd = [certificate("rsa-inter"), chain[2], chain[0], chain[1], chain[1], certificate("sm2-inter")]
    assert judge(chain[0], anchors("rsa-root", f"{family}-root"), crowd).chain == chain
    # the intermediate may itself be the anchor
    assert judge(chain[0], TrustAnchors((chain[1],))).chain == chain[:2]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("name", "purpose", "status"),
    [
        ("signer", "seal", "trusted"), ("signer", "maker", "trusted"), ("signer", "timestamp", "invalid"),
        ("tsa", "timestamp", "trusted"), ("tsa", "seal", "invalid"), ("expired", "seal", "expired"),
        ("wrong-usage", "seal", "invalid"), ("root", "seal", "invalid"),
    ],
)  # fmt: skip
def test_purposes_and_dates(family, name, purpose, status):
    result = judge(
        certificate(f"{family}-{name}"),
        anchors(f"{family}-root"),
        [certificate(f"{family}-inter")],
        purpose=purpose,
    )
    assert result.status == status
    assert bool(result.reason) is (status != "trusted")


def test_time_decides():
    expired, between = certificate("sm2-expired"), [certificate("sm2-inter")]
    roots = anchors("sm2-root")
    start, end = expired.not_before, expired.not_after
    second = timedelta(seconds=1)
    for at, status in (
        (start - second, "not_yet_valid"), (start, "trusted"), (end, "trusted"), (end + second, "expired"),
    ):  # fmt: skip
        assert judge(expired, roots, between, at=at).status == status
    with pytest.raises(CallerError):
        judge(expired, roots, between, at=datetime(2020, 6, 1))


def test_roots_that_are_not_anchors():
    """A certificate that comes along is never an anchor, however self-signed."""
    signer, inter, root = (certificate(f"sm2-{name}") for name in ("signer", "inter", "root"))
    result = judge(signer, anchors("sm2-stranger-root"), [inter, root])
    assert result.status == "untrusted_root"
    assert result.chain == (signer, inter, root)
    assert judge(signer, TrustAnchors(()), [inter, root]).status == "untrusted_root"
    assert judge(signer, anchors("sm2-root")).status == "incomplete"
    assert judge(root, TrustAnchors(()), [root]).status == "untrusted_root"
    assert judge(signer, TrustAnchors((signer,))).status == "trusted"  # trusted directly


def test_an_impostor_root_of_the_same_name():
    root = issue("根", profile="root")
    impostor = issue("根", profile="root")
    leaf = issue("张三", impostor)
    assert judge(leaf, [root], [impostor]).status == "untrusted_root"
    assert judge(leaf, [root]).status == "incomplete"  # by its key identifier, another issuer is meant


def test_a_forged_signature():
    root = issue("根", profile="root", kind="sm2")
    forger = Issued(root.certificate, issue("x", kind="sm2").signer)  # has the name, not the key
    leaf = issue("张三", forger, kind="sm2")
    result = judge(leaf, [root])
    assert result.status == "invalid"
    assert "does not verify" in result.reason


def test_families_may_mix():
    root = issue("SM2 根", kind="sm2", profile="root")
    inter = issue("RSA 中间", root, kind="rsa", profile="intermediate")
    leaf = issue("张三", inter, kind="p384")
    assert judge(leaf, [root], [inter]).status == "trusted"


@pytest.mark.parametrize("kind", ["sm2", "p256"])
def test_an_end_certificate_cannot_issue(kind):
    root = issue("根", kind=kind, profile="root")
    end = issue("不是 CA", root, kind=kind)
    assert judge(issue("张三", end, kind=kind), [root], [end]).status == "invalid"
    no_sign = issue("无权", root, kind=kind, profile=Profile(("digitalSignature",), is_ca=True))
    assert judge(issue("张三", no_sign, kind=kind), [root], [no_sign]).status == "invalid"


def test_path_length_is_obeyed():
    root = issue("根", kind="sm2", profile="root")
    inter = issue("一", root, kind="sm2", profile="intermediate")  # pathLenConstraint 0
    below = issue("二", inter, kind="sm2", profile="intermediate")
    assert judge(issue("张三", below, kind="sm2"), [root], [inter, below]).status == "invalid"


def test_weak_algorithms():
    root = issue("根", kind="rsa1024", profile="root")
    leaf = issue("张三", root, kind="sm2")
    result = judge(leaf, [root])
    assert result.status == "weak_algorithm"
    assert "1024 bits" in result.reason
    assert judge(leaf, [root], allow_weak=True).status == "trusted"
    strong = issue("根", kind="rsa", profile="root")
    small = issue("李四", strong, kind="rsa1024")
    assert judge(small, [strong]).status == "weak_algorithm"
    assert judge(small, [strong], allow_weak=True).status == "trusted"


def test_unknown_critical_extension_and_two_algorithms():
    root = issue("根", profile="root")
    leaf = issue("张三", root)
    tbs, algorithm, _ = asn1.read(leaf.certificate.der).children()
    fields = [child.raw for child in tbs.children()]

    def resigned(*parts: bytes) -> Certificate:
        body = asn1.sequence(*parts)
        signature = root.signer.sign(body, SCHEMES["ecdsa-sha256"])
        return Certificate.from_der(asn1.sequence(body, algorithm.raw, asn1.bit_string(signature)))

    assert judge(resigned(*fields), [root]).status == "trusted"
    strange = asn1.sequence(
        asn1.object_identifier("1.2.3.4"), asn1.boolean(True), asn1.octet_string(asn1.null())
    )
    assert judge(resigned(*fields[:7], asn1.explicit(3, asn1.sequence(strange))), [root]).status == "invalid"
    other = asn1.sequence(asn1.object_identifier("1.2.840.10045.4.3.3"))
    result = judge(resigned(*fields[:2], other, *fields[3:]), [root])
    assert (result.status, "two signature algorithms" in result.reason) == ("invalid", True)


def test_extended_key_usage_counts_when_it_is_critical():
    root = issue("根", profile="root")
    for purposes, status in (
        (("1.3.6.1.5.5.7.3.1",), "invalid"), (("1.3.6.1.5.5.7.3.36",), "trusted"),
        (("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.4"), "trusted"),
    ):  # fmt: skip
        leaf = issue("张三", root, profile=Profile(("digitalSignature",), ext_key_usage=purposes))
        assert judge(leaf, [root]).status == status
    both = Profile(("digitalSignature",), ext_key_usage=("1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.1"))
    assert judge(issue("时间戳", root, profile=both), [root], purpose="timestamp").status == "invalid"


def test_a_second_path_is_tried():
    """Cross-certified: the first intermediate has expired, the second has not."""
    root = issue("根", profile="root")
    old = issue("中间", root, profile="intermediate", years=(2000, 2010))
    new = issue("中间", root, profile="intermediate", key=old.signer, serial=2)
    leaf = issue("张三", old)
    for between in ([old, new], [new, old]):
        assert judge(leaf, [root], between).status == "trusted"
    assert judge(leaf, [root], [old]).status == "expired"


def test_a_heap_of_certificates_of_one_name_is_cheap(monkeypatch):
    """Twelve authorities of one name that all certified one another: 12! paths, none to an anchor."""
    count = 0
    real = trust._is_signed_by

    def counted(one, other):
        nonlocal count
        count += 1
        return real(one, other)

    monkeypatch.setattr(trust, "_is_signed_by", counted)
    keys = [issue("同名", profile="root") for _ in range(12)]
    profile = Profile(("keyCertSign",), is_ca=True)
    crossed = [issue("同名", one, profile=profile, key=other.signer) for one in keys for other in keys]
    leaf = issue("张三", keys[0])
    result = judge(leaf, [issue("根", profile="root")], crossed)
    assert result.status in ("untrusted_root", "incomplete")
    assert count <= trust.MAX_VERIFICATIONS + 10


def test_it_works_inside_a_running_event_loop():
    async def inside() -> str:
        return judge(certificate("sm2-signer"), anchors("sm2-root"), [certificate("sm2-inter")]).status

    assert asyncio.run(inside()) == "trusted"


def test_unreadable_parts_are_a_status():
    leaf = certificate("sm2-signer")
    spki = leaf.public_key.spki
    damaged = Certificate.from_der(leaf.der.replace(spki, spki[:-1] + bytes([spki[-1] ^ 1])))
    result = judge(damaged, TrustAnchors((damaged,)))
    assert result.status == "invalid"
    assert judge(leaf, anchors("sm2-root"), [damaged, certificate("sm2-inter")]).status == "trusted"


def test_anchors_are_loaded_from_bytes():
    both = (PKI / "sm2-root.crt.pem").read_bytes() + (PKI / "rsa-root.crt.pem").read_bytes()
    loaded = TrustAnchors.load(both, both)
    assert loaded.certificates == (certificate("sm2-root"), certificate("rsa-root"))
    with pytest.raises(CallerError):
        TrustAnchors.load(b"nonsense")
    assert PROFILES["root"].is_ca


def test_dates_far_away():
    root = issue("根", profile="root", years=(1960, 9999))
    leaf = issue("张三", root, years=(1960, 9999))
    assert judge(leaf, [root], at=datetime(9000, 1, 1, tzinfo=UTC)).status == "trusted"
