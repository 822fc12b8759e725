"""The worked examples of the manual that can be reproduced, reproduced through the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from pdfseal.adapters.coss import signing
from pdfseal.adapters.coss.sealing_rules import rectangle_bean
from pdfseal.adapters.coss.signatures import read_web_seal
from pdfseal.adapters.coss.wire import Fields
from pdfseal.adapters.registry import msspid
from pdfseal.geometry import Rect
from pdfseal.placement import Box
from tests.support import coss, pki
from tests.support.coss import EXAMPLES, b64, pdf_hash_request, running, unb64

ROOT_OF_TIMESTAMPS = "Public Trust CA-2"  # not published with the manual


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[coss.Client]:
    with running(tmp_path_factory.mktemp("coss")) as found:
        yield found


def test_string_to_sign():
    example = EXAMPLES["hmac_string_to_sign"]
    fields = Fields.of(json.dumps(example["request"]).encode())
    assert signing.string_to_sign(fields) == example["stringA"]


def test_user_id(client: coss.Client):
    example = EXAMPLES["userId"]
    assert msspid(example["userName"], example["idType"], example["idNumber"]) == example["expect"]
    assert client.user.user_id == example["expect"]


def test_verify_sign(client: coss.Client):
    example = {k: v for k, v in EXAMPLES["verifySign"].items() if k != "checked"}
    assert client.post("verifySign", example) == {"status": 200, "message": "SUCCESS"}
    data = {
        "inDataType": "DATA", "inData": example["plain"], "signAlg": example["signAlg"],
        "signValue": example["signValue"], "cert": example["cert"],
    }  # fmt: skip
    assert client.ok("verifySignData", data) is True
    assert client.ok("verifySignData", data | {"inData": b64(b"other")}) is False


def test_get_cert_info(client: coss.Client):
    example = EXAMPLES["getCertInfo"]
    assert client.ok("getCertInfo", {"cert": example["cert"]}) == example["expect"]
    assert client.ok("getCertInfo", {"cert": example["cert"], "oid": "2.5.29.15"})["oidResult"]
    assert "oidResult" not in client.ok("getCertInfo", {"cert": example["cert"], "oid": "1.2.3"})


def test_get_cert_info_of_the_certificate_in_verify_pdf_seal(client: coss.Client):
    """Its MSSPID stands in an extension of BJCA, not in the subject; texts of its other extensions."""
    example = EXAMPLES["verifyPdfSeal"]
    info = client.ok("getCertInfo", {"cert": example["cert"], "oid": "1.2.156.112562.2.1.1.30"})
    assert info["certDN"] == example["certDN"]
    assert info["serialNumber"] == example["certSN"]
    assert info["certCN"] == example["commonName"]
    assert info["oidResult"] == "2854"
    assert info["userId"] == "51627394e66c1f764d6211d5aab4cdc09026a7b450929fc4834b179ad90389f0"


def test_validation_cert(client: coss.Client):
    """An expired certificate of ours: the manual's own holds a living person's identity number."""
    assert client.code("validationCert", {"cert": b64(pki.certificate("rsa-expired").der)}) == 89003031


def test_get_hash_data(client: coss.Client):
    """The manual hashes the base64 text itself, behind Z."""
    example = EXAMPLES["getHashData"]
    fields = {k: v for k, v in example.items() if k not in ("expect", "checked")}
    assert client.ok("getHashData", fields) == example["expect"]


def test_gen_random(client: coss.Client):
    answer = client.post("genRandom", {"len": EXAMPLES["genRandom"]["len"]})
    assert (answer["status"], len(unb64(answer["message"])), "data" in answer) == (200, 16, False)
    assert len(unb64(client.post("genRandom", {"len": "32"})["message"])) == 32


@pytest.mark.parametrize("kind", [1, "1", 1.0])
def test_get_ts_info(client: coss.Client, kind: object):
    example = EXAMPLES["getTSInfo"]
    answer = client.ok("getTSInfo", {"tsResp": example["tsResp"], "type": kind})
    assert answer == {"tsInfo": example["expect"]}


def test_get_ts_info_of_the_other_kinds(client: coss.Client):
    token = EXAMPLES["getTSInfo"]["tsResp"]
    imprint = client.ok("getTSInfo", {"tsResp": token, "type": 2})["tsInfo"]
    assert unb64(imprint).hex() == "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert client.ok("getTSInfo", {"tsResp": token, "type": 4}) == {"tsInfo": "1B4000000000000DD1D0"}
    certificate = client.ok("getTSInfo", {"tsResp": token, "type": 3})["tsInfo"]
    assert client.ok("getCertInfo", {"cert": certificate})["certCN"] == "rsa1024"


def test_verify_ts_without_its_root(client: coss.Client):
    """Signature, digest, ESSCertID and imprint are good; the root is not published: -3."""
    example = EXAMPLES["verifyTS"]
    fields = {"oriData": example["oriData"], "tsResp": example["tsResp"]}
    assert client.ok("verifyTS", fields) == {"verifyRes": "-3"}
    assert client.ok("verifyTS", fields | {"oriData": "tset"}) == {"verifyRes": "-2"}
    first = {"oriData": "test", "tsResp": EXAMPLES["createAndGetTssInfo"]["tsResp"]}
    assert client.ok("verifyTS", first) == {"verifyRes": "-3"}


def test_verify_ess_sign(client: coss.Client):
    """The layout is read; what the manual's sample signs is not known: 89003019."""
    example = EXAMPLES["verifyEssSign"]
    seal = read_web_seal(example["signValue"])
    assert seal.time_s == 1559650703
    assert datetime.fromtimestamp(seal.time_s, UTC).year == 2019
    assert seal.certificate.common_name == "张三"
    assert seal.picture == unb64(EXAMPLES["seal_images"]["queryImage"])
    fields = {name: example[name] for name in ("signAlg", "plain", "signValue")}
    assert client.code("verifyEssSign", fields) == 89003019


def test_web_seal_of_our_own(client: coss.Client):
    plain = "网页签章".encode()
    signature = coss.outside_signature("CMS_SM2", plain)
    certificate = pki.certificate("sm2-signer")
    parts = [b64(signature), b64(certificate.public_key.spki), b64(certificate.der), "1559650703", ""]
    value = "````".join([*parts, f"[`~][`~]{b64(b'GIF89a')}[`~]"])
    fields = {"signAlg": "SM3withSM2", "plain": b64(plain), "signValue": value}
    assert client.code("verifyEssSign", fields) == 200
    other = value.replace(parts[1], b64(pki.certificate("sm2-root").public_key.spki))
    assert client.code("verifyEssSign", fields | {"signValue": other}) == 89003019
    data = {
        "inDataType": "WEB_SEAL", "inData": b64(plain), "signAlg": "SM3withSM2", "signValue": value,
        "cert": parts[2],
    }  # fmt: skip
    assert client.ok("verifySignData", data) is True
    assert client.ok("verifySignData", data | {"cert": b64(pki.certificate("sm2-root").der)}) is False


def test_rectangle_to_its_digits(client: coss.Client):
    example = EXAMPLES["getPdfHash_rectangle"]
    fields = pdf_hash_request(
        client, coordOfRuleInfo=example["coordOfRuleInfo"], signWidth=example["signWidth"],
        signHeight=example["signHeight"],
    )  # fmt: skip
    answer = client.ok("getPdfHash", fields)
    assert answer["rectangleBean"] == example["rectangleBean"]
    assert json.dumps(answer["rectangleBean"]["height"]) == "112.32001"
    assert json.dumps(answer["rectangleBean"]["width"]) == "90.0"
    assert "rectangleBeans" not in answer
    bean = rectangle_bean(Box(1, Rect(430, 193.84, 520, 306.16)))
    assert bean == example["rectangleBean"]


def test_seal_images(client: coss.Client):
    """Both of the manual's pictures are taken, and given back as they came."""
    for index, image in enumerate(EXAMPLES["seal_images"][name] for name in ("queryImage", "verifyPdfSeal")):
        fields = {
            "userName": "王五", "idType": "QT", "idNumber": f"W{index}", "mobile": "13712345678",
            "signImg": image,
        }  # fmt: skip
        user_id = client.ok("addUser", fields)["userId"]
        assert client.ok("queryImage", {"userId": user_id}) == {"userId": user_id, "image": image}
        assert client.ok("queryUserInfo", {"userId": user_id})["perserve2"] == "TRUE"


def test_query_user_info(client: coss.Client):
    info = client.ok("queryUserInfo", {"userId": client.user.user_id})
    assert info["username"] == info["userName"] == "张三"
    assert info["idType"] == "身份证(SF)"
    assert info["msspId"] == EXAMPLES["userId"]["expect"]
    expected = {
        "idCard": "513436200005039279", "mobilePhone": "18745292611", "status": "NORMAL", "requireCert": "Y",
        "telephone": "", "email": "", "jobNumber": "", "faceId": "", "perserve1": "", "department": "QT",
    }  # fmt: skip
    assert {name: info[name] for name in expected} == expected
    datetime.strptime(info["createTime"], "%Y-%m-%d %H:%M:%S")
    assert isinstance(info["id"], str)
    assert isinstance(info["signpicId"], int)
    by_number = client.ok("queryUserInfo", {"idNumber": "513436200005039279", "idType": "SF"})
    by_unique_id = client.ok("queryUserInfo", {"uniqueId": "zhang-1"})
    by_both = client.ok("queryUserInfo", {"userId": client.user.user_id, "uniqueId": "nobody"})
    assert by_number == by_unique_id == by_both == info


def test_users_change(client: coss.Client):
    fields = {"userName": "改名", "idType": "HZ", "idNumber": "E7654321", "mobile": "+85291234567"}
    user_id = client.ok("addUser", fields | {"requireCert": "N"})["userId"]
    drawn = client.ok("queryImage", {"userId": user_id})["image"]
    assert unb64(drawn).startswith(b"\x89PNG")
    change = {
        "userId": user_id, "status": "LOCKED", "department": "测试部", "mobile": "13745293322",
        "uniqueId": "u-7", "image": b64(coss.PERSON_125_156),
    }  # fmt: skip
    assert client.post("updateUser", change) == {"status": 200, "message": "SUCCESS"}
    info = client.ok("queryUserInfo", {"uniqueId": "u-7"})
    assert (info["status"], info["department"], info["mobilePhone"]) == ("LOCKED", "测试部", "13745293322")
    assert (info["requireCert"], info["perserve2"]) == ("N", "TRUE")
    assert unb64(client.ok("queryImage", {"userId": user_id})["image"]) == coss.PERSON_125_156
    assert client.code("updateUser", {"userId": user_id, "uniqueId": "zhang-1"}) == 89004019


def test_query_cert(client: coss.Client):
    found = client.ok("queryCert", {"userId": client.user.user_id, "deviceId": coss.DEVICE})["certInfos"]
    assert {one["algoPolicy"] for one in found} == {"SM2", "RSA", "ECDSA"}
    assert {one["useage"] for one in found} == {"SIGN"}
    assert b64(pki.certificate("sm2-signer").der) in {one["cert"] for one in found}


def test_trans_id_comes_back(client: coss.Client):
    assert client.post("genRandom", {"len": 1}, transId="T-1")["transId"] == "T-1"
    assert client.post("genRandom", {"len": 0}, transId="T-2")["transId"] == "T-2"


def test_timestamps_of_our_own(client: coss.Client):
    made = client.ok("createAndGetTssInfo", {"oriData": "测试", "attachCert": "true"})["tsResp"]
    assert client.ok("verifyTS", {"oriData": "测试", "tsResp": made}) == {"verifyRes": "1"}
    bare = client.ok("createAndGetTssInfo", {"oriData": "测试", "attachCert": False})["tsResp"]
    assert len(bare) < len(made)
    assert client.ok("verifyTS", {"oriData": "测试", "tsResp": bare}) == {"verifyRes": "1"}
    certificate = client.ok("getTSInfo", {"tsResp": bare, "type": 3})["tsInfo"]
    assert certificate == b64(pki.certificate("sm2-tsa").der)
    assert client.ok("verifyTS", {"oriData": "测试", "tsResp": b64(b"\x30\x00")}) == {"verifyRes": "-1"}
