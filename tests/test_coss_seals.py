"""getPdfHash, composePdfSeal, verifyPdfSeal: rules of placement, timestamps, verdicts, other machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

import pdfseal
import pdfseal.timestamp
from pdfseal import TrustAnchors
from pdfseal.adapters.coss.uploads import Change, Upload, base64_length, base64_of
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import digest
from tests.support import coss, pki
from tests.support.coss import PDF, SEAL_TYPES, b64, pdf_hash_request, running, seal_pdf, unb64

TRUST = TrustAnchors(tuple(pki.certificate(f"{kind}-root") for kind in ("sm2", "rsa", "p256")))
BETWEEN = tuple(pki.certificate(f"{kind}-inter") for kind in ("sm2", "rsa", "p256"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[coss.Client]:
    with running(tmp_path_factory.mktemp("coss")) as found:
        yield found


def beans(client: coss.Client, **changes: Any) -> list[dict[str, Any]]:
    answer = client.ok("getPdfHash", pdf_hash_request(client, **changes))
    found: list[dict[str, Any]] = answer.get("rectangleBeans", [answer["rectangleBean"]])
    assert found[0] == answer["rectangleBean"]
    return found


def test_what_is_answered(client: coss.Client):
    """hashBytes is over the ByteRange, hashSetHashBytes the digest of hashSetBytes: e for SM2."""
    answer = client.ok("getPdfHash", pdf_hash_request(client, "CMS_SM2"))
    prepared = unb64(answer["pdfBytes"])
    assert prepared.startswith(PDF)
    start = prepared.rindex(b"/ByteRange")
    a, b, c, d = map(int, prepared[prepared.index(b"[", start) + 1 : prepared.index(b"]", start)].split())
    assert unb64(answer["hashBytes"]) == digest("sm3", prepared[a : a + b] + prepared[c : c + d])
    key = pki.certificate("sm2-signer").public_key
    e = schemes.message_digest(schemes.SCHEMES["sm2-sm3"], key, unb64(answer["hashSetBytes"]))
    assert unb64(answer["hashSetHashBytes"]) == e
    assert c + d == len(prepared)


def test_sizes(client: coss.Client):
    """The box is the largest size: natural if it fits, else shrunk in proportion."""
    sizes = {
        (150, 120): (90.0, 112.32), (None, None): (90.0, 112.32), (45, 500): (45.0, 56.16),
        ("150.0", "56.16"): (45.0, 56.16), (None, 56.16): (45.0, 56.16),
    }  # fmt: skip
    for (width, height), expected in sizes.items():
        bean = beans(client, signWidth=width, signHeight=height)[0]
        assert (bean["width"], bean["height"]) == pytest.approx(expected, abs=1e-3)


def test_coordinates(client: coss.Client):
    place = {"top": 300, "right": 600, "bottom": 200, "left": 350, "pageNo": 1}
    expected = beans(client)
    assert beans(client, coordOfRuleInfo={name: str(value) for name, value in place.items()}) == expected
    assert beans(client, coordOfRuleInfo=json.dumps(place)) == expected
    assert (
        beans(client, coordOfRuleInfo=place | {"top": 200.0, "bottom": 300.0, "left": 600, "right": 350})
        == expected
    )
    assert beans(client, coordOfRuleInfo={k: v for k, v in place.items() if k != "pageNo"}) == expected
    point = {"top": 250, "bottom": 250, "left": 475, "right": 475}
    assert beans(client, coordOfRuleInfo=point) == expected
    everywhere = beans(client, coordOfRuleInfo=place | {"pageNo": 0})
    assert [bean["pageNo"] for bean in everywhere] == [1, 2, 3]
    assert {bean["left"] for bean in everywhere} == {expected[0]["left"]}


def test_keywords(client: coss.Client):
    def at(**rule: Any) -> list[dict[str, Any]]:
        return beans(client, keywordsOfRuleInfo={"keyWord": "甲方"} | rule)

    def place(bean: dict[str, Any]) -> tuple[int, float, float]:
        return bean["pageNo"], bean["left"], bean["bottom"]

    everywhere = at(signKeywordsSearch=0)
    assert len(everywhere) > 3
    assert at(signKeywordsSearch="ALL", keywordNum="1") == at(signKeywordsSearch="0.0") == everywhere
    first, last = at(), at(signKeywordsSearch="1")
    assert place(first[0]) == place(at(signKeywordsSearch=2, keywordNum=1.0)[0])
    assert first[0] in everywhere
    assert last[0] in everywhere
    assert place(at(signKeywordsSearch="DESC", keywordNum=len(everywhere))[0]) == place(first[0])
    assert place(at(signKeywordsSearch="asc", keywordNum=str(len(everywhere)))[0]) == place(last[0])
    centre, below, right = (at(signKeywordsPosition=n)[0] for n in (1, "2", "RIGHT"))
    assert centre == first[0]
    assert below["top"] < centre["top"] or below["bottom"] == 0
    assert right["left"] > centre["left"]
    moved = at(signKeywordsPosition=3, coordinateX="10", coordinateY=5.5)[0]
    assert moved["left"] == pytest.approx(right["left"] + 10, abs=0.01)
    assert moved["top"] == pytest.approx(right["top"] - 5.5, abs=0.01)
    both = beans(client, keywordsOfRuleInfo={"keyWord": "甲方"}, coordOfRuleInfo={"left": 1})
    assert both == first
    assert beans(client, keywordsOfRuleInfo={"keyWord": ""}) == beans(client)


def test_opacity_covering_and_wording(client: coss.Client):
    answer = client.ok("getPdfHash", pdf_hash_request(client, opacityOfEffect=40, coverTextOfEffect="true"))
    revision = unb64(answer["pdfBytes"])[len(PDF) :]
    assert b"/ca .4" in revision or b"/ca 0.4" in revision
    assert b"/BM/Normal" in revision.replace(b" ", b"")
    plain = unb64(client.ok("getPdfHash", pdf_hash_request(client))["pdfBytes"])[len(PDF) :]
    assert b"/BM/Multiply" in plain.replace(b" ", b"")
    assert b"/ca" not in plain
    for text in ("个人签章", "北京", "张三"):
        assert (
            text.encode("utf-16-be").hex().upper().encode() in plain.upper()
            or text.encode("utf-16-be") in plain
        )


@pytest.mark.parametrize("seal_type", SEAL_TYPES)
def test_verdicts(client: coss.Client, seal_type: str):
    sealed = seal_pdf(client, seal_type)
    data = client.ok("verifyPdfSeal", {"pdfFileStr": b64(sealed), "signSealType": "CMS_RSA"})
    assert data["statusCode"] == "200"
    (entry,) = data["message"]
    kind = SEAL_TYPES[seal_type]
    certificate = pki.certificate(f"{kind}-signer")
    words = {"sm2": "SM3WithSM2", "rsa": "SHA256WithRSA", "p256": "SHA256WithECDSA"}
    assert entry["statusCode"] == "200"
    assert entry["errInfos"] == []
    assert entry["signAlg"] == words[kind]
    assert entry["signCerts"][0] == b64(certificate.der)
    assert entry["certDNs"] == [certificate.subject]
    assert entry["certSN"] == certificate.serial_hex
    assert entry["commonName"] == certificate.common_name
    assert (entry["pageNo"], entry["isTss"]) == (1, False)
    assert "timeStampDate" not in entry
    assert unb64(entry["sealImg"]).startswith(b"\x89PNG")
    assert unb64(entry["sigValue"])
    if seal_type in ("BJCA_SM2", "GM_SM2"):
        assert bytes.fromhex(entry["signDate"][1:]).startswith(b"\x03\x0e\x00")
    else:
        datetime.strptime(entry["signDate"], "%Y-%m-%d %H:%M:%S")
    assert pdfseal.verify(sealed, trust=TRUST, untrusted=BETWEEN).verdict == "passed"


@pytest.mark.parametrize("seal_type", SEAL_TYPES)
@pytest.mark.parametrize("over", ["base64", "octets"])
def test_timestamps_in_seals(client: coss.Client, seal_type: str, over: str):
    """createAndGetTssInfo stamps text, so its token is over the base64 of signValue; both are taken."""

    def token(signature: bytes) -> str:
        if over == "base64":
            fields = {"oriData": b64(signature), "attachCert": "true"}
            return str(client.ok("createAndGetTssInfo", fields)["tsResp"])
        authority = client.app.state.service.authority
        request = pdfseal.timestamp.make_request("sm3", digest("sm3", signature))
        now = datetime.now().astimezone()
        made = authority.issuer.respond(request.der, now=now, serial=authority.serials.take)
        return b64(made.der)  # a whole TimeStampResp

    sealed = seal_pdf(client, seal_type, tssSignValue=token)
    (entry,) = client.ok("verifyPdfSeal", {"pdfFileStr": b64(sealed)})["message"]
    assert entry["statusCode"] == "200", entry["errInfos"]
    assert entry["isTss"] is True
    datetime.strptime(entry["timeStampDate"], "%Y-%m-%d %H:%M:%S")


def test_the_service_stamps_by_policy(tmp_path):
    with running(tmp_path, timestamp={"in_seals": True}) as client:
        for seal_type in ("CMS_SM2", "GB_SM2", "GM_SM2"):
            sealed = seal_pdf(client, seal_type)
            (entry,) = client.ok("verifyPdfSeal", {"pdfFileStr": b64(sealed)})["message"]
            assert (entry["statusCode"], entry["isTss"]) == ("200", True)


def test_unsigned_changed_and_sealed_twice(client: coss.Client):
    assert client.ok("verifyPdfSeal", {"pdfFileStr": b64(PDF)}) == {"statusCode": "89003019", "message": []}
    once = seal_pdf(client, "CMS_SM2")
    twice = seal_pdf(client, "GB_SM2", pdfFileStr=b64(once))
    data = client.ok("verifyPdfSeal", {"pdfFileStr": b64(twice)})
    assert data["statusCode"] == "200"
    assert len(data["message"]) == 2
    changed = bytearray(twice)
    changed[len(PDF) // 2] ^= 1
    data = client.ok("verifyPdfSeal", {"pdfFileStr": b64(bytes(changed))})
    assert data["statusCode"] == "89003019"
    assert [one["statusCode"] for one in data["message"]] == ["89003019"] * 2
    assert all("digest" in one["errInfos"][0] for one in data["message"])


def test_cert_chain_is_the_anchor_of_this_call(client: coss.Client):
    sealed = b64(seal_pdf(client, "CMS_SM2"))
    root, between, other = (pki.certificate(name) for name in ("sm2-root", "sm2-inter", "sm2-stranger-root"))
    pem = (root.pem + between.pem).decode()
    good = [b64(root.der), f"{b64(between.der)},{b64(root.der)}", pem, b64(pem.encode()), root.pem.decode()]
    for text in good:
        data = client.ok("verifyPdfSeal", {"pdfFileStr": sealed, "certChainStr": text})
        assert data["statusCode"] == "200", data["message"][0]["errInfos"]
    data = client.ok("verifyPdfSeal", {"pdfFileStr": sealed, "certChainStr": b64(other.der)})
    assert data["statusCode"] == "89003027"
    assert "找不到可信的根证书" in data["message"][0]["errInfos"][0]


def test_another_machine_composes(tmp_path, client: coss.Client):
    """Nothing is kept: a service with another registry file and other processes finishes the seal."""
    data = client.ok("getPdfHash", pdf_hash_request(client, "CMS_ECDSA"))
    signature = coss.outside_signature("CMS_ECDSA", unb64(data["hashSetBytes"]))
    with running(tmp_path) as other:
        assert other.application.app_id != client.application.app_id
        sealed = other.ok(
            "composePdfSeal",
            {
                "userId": other.user.user_id, "signValue": b64(signature), "pdfBytesStr": data["pdfBytes"],
                "hashSetBytesStr": data["hashSetBytes"],
            },
        )  # fmt: skip
    assert pdfseal.verify(unb64(sealed), trust=TRUST).verdict == "passed"


def test_a_certificate_that_was_replaced_still_composes(client: coss.Client):
    registry, user = client.registry, client.user
    data = client.ok("getPdfHash", pdf_hash_request(client, "CMS_RSA"))
    signature = coss.outside_signature("CMS_RSA", unb64(data["hashSetBytes"]))
    fresh = pki.issue("新证书", kind="rsa2048").certificate
    registry.add_certificate(user, fresh, now=user.created, device_id=coss.DEVICE)
    fields = {
        "userId": user.user_id, "signValue": b64(signature), "pdfBytesStr": data["pdfBytes"],
        "hashSetBytesStr": data["hashSetBytes"],
    }  # fmt: skip
    client.ok("composePdfSeal", fields)
    chain = (pki.certificate("rsa-inter"),)
    registry.add_certificate(
        user, pki.certificate("rsa-signer"), now=user.created, chain=chain, device_id=coss.DEVICE
    )


@pytest.mark.parametrize("odd", ["wrapped", "data", "unpadded", "escaped"])
def test_base64_as_clients_send_it(client: coss.Client, odd: str):
    text = b64(PDF + b"%")
    assert text.endswith("=")
    if odd == "wrapped":
        text = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    if odd == "data":
        text = "data:application/pdf;base64," + text
    if odd == "unpadded":
        text = text.rstrip("=")
    body = client.signed(pdf_hash_request(client, pdfFileStr=text))
    wire = json.dumps(body, ensure_ascii=False)
    if odd == "escaped":
        wire = wire.replace("/", "\\/").replace("=", "\\u003d")
    answer = client.http.post(client.base + "getPdfHash", content=wire.encode()).json()
    assert answer["status"] == 200, answer
    assert unb64(answer["data"]["pdfBytes"]).startswith(PDF + b"%")


@pytest.mark.parametrize("size", [1, 2, 3, 100, 3 << 18, (3 << 18) + 1])
@pytest.mark.parametrize("canonical", [True, False])
def test_only_what_changed_is_encoded(size: int, canonical: bool):
    original = bytes(index * 7 % 256 for index in range(size))
    text = b64(original) if canonical else "\n" + b64(original)
    upload = Upload.of(text.encode(), "x", at_most=size)
    try:
        assert (upload.text is not None) == canonical
        for offset, data, tail in ((0, b"", b""), (size // 3, b"ab", b"tail"), (5, b"abcdefg", b"1")):
            if offset + len(data) > size - size % 3:
                continue
            changes = (Change(offset, data),) if data else ()
            pieces = b"".join(map(bytes, base64_of(upload, changes, tail)))
            expected = original[:offset] + data + original[offset + len(data) :] + tail
            assert unb64(pieces.decode()) == expected
            assert len(pieces) == base64_length(size + len(tail))
    finally:
        upload.close()
