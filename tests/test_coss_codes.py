"""Every status code that these endpoints can meet is produced, and the table is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pdfseal.adapters.coss import codes
from pdfseal.adapters.coss.codes import MEANINGS
from pdfseal.adapters.registry import NewUser
from pdfseal.crypto.schemes import SCHEMES
from tests.support import coss, pki
from tests.support.coss import EXAMPLES, PICTURES, b64, pdf_hash_request, running

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[coss.Client]:
    with running(tmp_path_factory.mktemp("coss"), trust={"crls": ()}) as found:
        yield found


def test_the_table_is_whole():
    assert len(MEANINGS) == 178
    assert MEANINGS[200] == "成功"
    assert MEANINGS[89000001] == "请求参数错误"
    assert MEANINGS[89005022] == MEANINGS[89005023] == "设备状态有误"
    assert all(code == 200 or 89000001 <= code <= 89005099 for code in MEANINGS)
    named = {value for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)}
    assert named <= set(MEANINGS)


NEW = {"userName": "李四", "idType": "SF", "idNumber": "110101199003070038", "mobile": "13700000000"}
CERT = b64(pki.certificate("sm2-signer").der)
PLAIN = "签名数据".encode()
VALUE = b64(pki.signer("sm2-signer").sign(PLAIN, SCHEMES["sm2-sm3"]))
VERIFY = {"signAlg": "SM3withSM2", "plain": b64(PLAIN), "signValue": VALUE, "cert": CERT}
DATA = {"inDataType": "DATA", "inData": b64(PLAIN), "signAlg": "SM3withSM2", "signValue": VALUE, "cert": CERT}

# (endpoint, fields, code): each with one thing wrong
CASES: list[tuple[str, dict[str, Any], int]] = [
    ("addUser", NEW | {"userName": ""}, 89000001),
    ("addUser", NEW | {"userName": "李" * 51}, 89000001),
    ("addUser", NEW | {"userName": " 李四"}, 89003037),
    ("addUser", NEW | {"idNumber": ""}, 89000008),
    ("addUser", NEW | {"idNumber": "1" * 31, "idType": "QT"}, 89000001),
    ("addUser", NEW | {"idNumber": "11010119900307003"}, 89004010),
    ("addUser", NEW | {"idType": "XX"}, 89000001),
    ("addUser", NEW | {"mobile": "1370000000"}, 89004011),
    ("addUser", NEW | {"mobile": None}, 89000001),
    ("addUser", NEW | {"department": "部" * 65}, 89000001),
    ("addUser", NEW | {"uniqueId": "u" * 65}, 89000001),
    ("addUser", NEW | {"uniqueId": "zhang-1"}, 89004019),
    ("addUser", NEW | {"requireCert": "maybe"}, 89000001),
    ("addUser", NEW | {"signImg": "not base64!"}, 89003020),
    ("addUser", NEW | {"signImg": b64(b"no picture")}, 89000001),
    ("addUser", NEW | {"signImg": b64(bytes((1 << 20) + 1))}, 89003036),
    ("addUser", NEW | {"signImg": b64((PICTURES / "bomb-50000x50000.png").read_bytes())}, 89003036),
    ("addUser", NEW | {"userName": "王五", "idNumber": "513436200005039279"}, 89004001),
    ("addUser", NEW | {"userName": "张三", "idNumber": "513436200005039279"}, 89004002),
    ("updateUser", {"userId": "0" * 64}, 89004022),
    ("updateUser", {}, 89000001),
    ("updateUser", {"userId": "@", "status": "GONE"}, 89004012),
    ("updateUser", {"userId": "@", "mobile": "x"}, 89004011),
    ("updateUser", {"userId": "@", "department": "部" * 65}, 89000001),
    ("updateUser", {"userId": "@", "image": "%%%"}, 89003020),
    ("updateUser", {"userId": "@", "image": b64(bytes((1 << 20) + 1))}, 89003036),
    ("queryUserInfo", {}, 89000001),
    ("queryUserInfo", {"idNumber": "1"}, 89000001),
    ("queryUserInfo", {"userId": "x"}, 89004022),
    ("queryUserInfo", {"idNumber": "110101199003070099", "idType": "SF"}, 89004023),
    ("queryUserInfo", {"uniqueId": "nobody"}, 89004020),
    ("queryImage", {"userId": "x"}, 89004022),
    ("queryImage", {}, 89000001),
    ("queryCert", {"userId": "@", "deviceId": "DEVICE_other"}, 89003005),
    ("queryCert", {"userId": "@"}, 89000001),
    ("queryCert", {"userId": "x", "deviceId": "d"}, 89004022),
    ("getCertInfo", {}, 89000001),
    ("getCertInfo", {"cert": "!"}, 89003020),
    ("getCertInfo", {"cert": b64(b"0" * 40)}, 89003021),
    ("getCertInfo", {"cert": CERT, "oid": "x.y"}, 89000001),
    ("validationCert", {"cert": b64(b"no")}, 89003021),
    ("validationCert", {"cert": b64(pki.certificate("rsa-expired").der)}, 89003031),
    ("validationCert", {"cert": b64(pki.certificate("p384-signer").der)}, 89003027),
    ("validationCert", {"cert": b64(pki.certificate("sm2-stranger-root").der)}, 89003027),
    ("verifySign", VERIFY | {"signAlg": "SHA256withRSA"}, 89000001),
    ("verifySign", VERIFY | {"plain": "?"}, 89003020),
    ("verifySign", VERIFY | {"plain": b64(b"other")}, 89003019),
    ("verifySign", VERIFY | {"signValue": b64(b"x" * 70)}, 89003019),
    ("verifySign", VERIFY | {"cert": b64(pki.certificate("rsa-signer").der)}, 89003018),
    ("verifySign", VERIFY | {"plain": b64(bytes((16 << 20) + 1))}, 89003001),
    ("verifyEssSign", VERIFY, 89000001),
    ("verifySignData", DATA | {"inDataType": "FILE"}, 89000001),
    ("verifySignData", DATA | {"inDataType": "HASH"}, 89000001),
    ("verifySignData", DATA | {"inData": "?"}, 89003020),
    ("verifySignData", DATA | {"cert": "?"}, 89003020),
    ("verifySignData", DATA | {"signAlg": "SHA256withRSA"}, 89003018),
    ("getHashData", {"hashAlgo": "MD5", "inData": "x"}, 89000001),
    ("getHashData", {"hashAlgo": "SM3"}, 89000001),
    ("getHashData", {"hashAlgo": "SM3", "inData": "x", "containPubKey": "true"}, 89000001),
    ("getHashData", {"hashAlgo": "SM3", "inData": "x", "containPubKey": "perhaps"}, 89000001),
    (
        "getHashData",
        {
            "hashAlgo": "SM3", "inData": "x", "containPubKey": "true",
            "cert": b64(pki.certificate("rsa-signer").der),
        },
        89003018,
    ),
    ("genRandom", {}, 89000001),
    ("genRandom", {"len": 0}, 89000001),
    ("genRandom", {"len": 4097}, 89000001),
    ("genRandom", {"len": "many"}, 89000001),
    ("genRandom", {"len": 1.5}, 89000001),
    ("createAndGetTssInfo", {"oriData": "test"}, 89000001),
    ("createAndGetTssInfo", {"attachCert": "true"}, 89000001),
    ("createAndGetTssInfo", {"oriData": "test", "attachCert": "often"}, 89000001),
    ("getTSInfo", {"tsResp": "?", "type": 1}, 89003020),
    ("getTSInfo", {"tsResp": b64(b"no token"), "type": 1}, 89000001),
    ("getTSInfo", {"tsResp": EXAMPLES["getTSInfo"]["tsResp"], "type": 5}, 89000001),
    ("getTSInfo", {"tsResp": EXAMPLES["getTSInfo"]["tsResp"]}, 89000001),
    ("verifyTS", {"tsResp": EXAMPLES["getTSInfo"]["tsResp"]}, 89000001),
    ("verifyTS", {"oriData": "test", "tsResp": "?"}, 89003020),
    ("verifyPdfSeal", {}, 89000001),
    ("verifyPdfSeal", {"pdfFileStr": "?"}, 89003020),
    ("verifyPdfSeal", {"pdfFileStr": b64(b"no pdf")}, 89000001),
    ("verifyPdfSeal", {"pdfFileStr": b64(coss.PDF), "certChainStr": b64(b"no")}, 89003021),
    ("verifyPdfSeal", {"pdfFileStr": b64(coss.PDF), "signSealType": "ANY"}, 89000001),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fields", "code"), CASES, ids=[f"{name}-{code}-{n}" for n, (name, _, code) in enumerate(CASES)]
)
def test_one_thing_wrong(client: coss.Client, name: str, fields: dict[str, Any], code: int):
    answer = client.post(name, {k: client.user.user_id if v == "@" else v for k, v in fields.items()})
    assert answer["status"] == code, answer
    assert answer["message"].startswith(MEANINGS[code])
    assert "data" not in answer


COORDINATES = {"top": 300, "right": 600, "bottom": 200, "left": 350, "pageNo": 1}
WORDS = {"signType": "个人签章", "signProvince": "北京", "signName": "张三"}
SEAL_CASES: list[tuple[dict[str, Any], int, str]] = [
    ({"userId": "nobody"}, 89003006, ""),
    ({"userId": None}, 89000001, "userId"),
    ({"signSealType": "BJCA_SM9"}, 89000001, "signSealType"),
    ({"pdfFileStr": None}, 89000001, "pdfFileStr"),
    ({"pdfFileStr": "JVBERi0x*"}, 89003020, "pdfFileStr"),
    ({"pdfFileStr": b64(b"hello")}, 89000001, "pdfFileStr"),
    ({"pdfFileStr": 7}, 89000001, "pdfFileStr"),
    ({"configureSealInfo": None}, 89000001, "configureSealInfo"),
    ({"configureSealInfo": "text"}, 89000001, "configureSealInfo"),
    ({"configureSealInfo": {"signType": "个人签章"}}, 89000001, "configureSealInfo.signProvince"),
    ({"coordOfRuleInfo": None}, 89000001, "coordOfRuleInfo"),
    ({"coordOfRuleInfo": {"top": 1, "left": 2, "right": 3}}, 89000001, "coordOfRuleInfo.bottom"),
    ({"coordOfRuleInfo": COORDINATES | {"top": "high"}}, 89000001, "coordOfRuleInfo.top"),
    ({"coordOfRuleInfo": COORDINATES | {"pageNo": -1}}, 89000001, "coordOfRuleInfo.pageNo"),
    ({"coordOfRuleInfo": COORDINATES | {"pageNo": 99}}, 89000001, "pageNo: "),
    ({"coordOfRuleInfo": {"top": 9000, "bottom": 8900, "left": 0, "right": 9}}, 89000001, "outside"),
    ({"signWidth": 0}, 89000001, "signWidth"),
    ({"signWidth": "wide"}, 89000001, "signWidth"),
    ({"signHeight": -3}, 89000001, "signHeight"),
    ({"opacityOfEffect": 101}, 89000001, "opacityOfEffect"),
    ({"opacityOfEffect": "half"}, 89000001, "opacityOfEffect"),
    ({"coverTextOfEffect": "perhaps"}, 89000001, "coverTextOfEffect"),
    ({"signSealType": "GM_SM2", "appName": None}, 89000001, "appName"),
    ({"signSealType": "GB_SM2", "appName": "another"}, 89000001, "appName"),
    ({"keywordsOfRuleInfo": {"keyWord": "没有这个词"}}, 89000001, "keyWord: "),
    ({"keywordsOfRuleInfo": {"keyWord": "甲方", "keywordNum": 9999}}, 89000001, "keyWord: "),
    ({"keywordsOfRuleInfo": {"keyWord": "甲方", "keywordNum": 0}}, 89000001, "keywordNum"),
    ({"keywordsOfRuleInfo": {"keyWord": "甲方", "coordinateX": -1}}, 89000001, "coordinateX"),
    ({"keywordsOfRuleInfo": {"keyWord": "甲方", "coordinateY": "far"}}, 89000001, "coordinateY"),
    (
        {"keywordsOfRuleInfo": {"keyWord": "甲方", "signKeywordsPosition": 4}},
        89000001,
        "signKeywordsPosition",
    ),
    ({"keywordsOfRuleInfo": {"keyWord": "甲方", "signKeywordsSearch": "UP"}}, 89000001, "signKeywordsSearch"),
    (
        {"keywordsOfRuleInfo": {"keyWord": "甲方", "signKeywordsSearch": 0, "keywordNum": 2}},
        89000001,
        "keywordNum",
    ),
    ({"keywordsOfRuleInfo": {"keywordNum": 1}, "coordOfRuleInfo": None}, 89000001, "keyWord"),
]


@pytest.mark.parametrize(("changes", "code", "named"), SEAL_CASES)
def test_get_pdf_hash_with_one_thing_wrong(
    client: coss.Client, changes: dict[str, Any], code: int, named: str
):
    answer = client.post("getPdfHash", pdf_hash_request(client, **changes))
    assert answer["status"] == code, answer
    assert named in answer["message"], answer


def test_pdf_too_large(tmp_path):
    with running(tmp_path, seals={"max_pdf_mb": 1}) as client:
        fields = pdf_hash_request(client, pdfFileStr=b64(bytes(3 << 20)))
        assert client.code("getPdfHash", fields) == 89003001


def test_signer_who_may_not_seal(client: coss.Client):
    registry, app = client.registry, client.application
    user = registry.add_user(app, NewUser("赵六", "HZ", "E1234567", "13711111111"), now=NOW)
    fields = {"userId": user.user_id}
    assert client.code("queryImage", fields) == 89003007
    assert client.code("getPdfHash", pdf_hash_request(client, **fields)) == 89003005
    registry.add_certificate(user, pki.certificate("sm2-expired"), now=NOW)
    assert client.code("getPdfHash", pdf_hash_request(client, **fields)) == 89003031
    future = pki.issue("未来", pki.Issued(pki.certificate("sm2-root"), pki.signer("sm2-root")), kind="sm2",
                       years=(2040, 2050)).certificate  # fmt: skip
    registry.add_certificate(user, future, now=NOW, device_id="D2")
    assert client.code("getPdfHash", pdf_hash_request(client, **fields)) == 89003035
    registry.add_certificate(user, pki.certificate("sm2-signer"), now=NOW, device_id="D3")
    assert client.code("getPdfHash", pdf_hash_request(client, **fields)) == 89003007
    client.ok("updateUser", fields | {"status": "LOCKED"})
    assert client.code("getPdfHash", pdf_hash_request(client, **fields)) == 89005005
    client.ok("updateUser", fields | {"status": "DELETE"})
    assert client.code("getPdfHash", pdf_hash_request(client, **fields)) == 89005004


@pytest.fixture(scope="module")
def prepared(client: coss.Client) -> dict[str, Any]:
    data = client.ok("getPdfHash", pdf_hash_request(client, "CMS_SM2"))
    signature = coss.outside_signature("CMS_SM2", coss.unb64(data["hashSetBytes"]))
    return {
        "userId": client.user.user_id, "signValue": b64(signature), "pdfBytesStr": data["pdfBytes"],
        "hashSetBytesStr": data["hashSetBytes"],
    }  # fmt: skip


def test_composition_that_fails(client: coss.Client, prepared: dict[str, Any]):
    other = client.ok("getPdfHash", pdf_hash_request(client, "CMS_SM2", signWidth=90))
    sealed = client.ok("composePdfSeal", prepared)

    def code(**changes: Any) -> int:
        return client.code("composePdfSeal", prepared | changes)

    assert code(userId="nobody") == 89003006
    assert code(signValue=None) == 89000001
    assert code(signValue="?") == 89003020
    assert code(signValue=b64(b"0" * 64)) == 89003019
    assert code(hashSetBytesStr=b64(b"?")) == 89000001
    assert code(hashSetBytesStr=b64(b"\x30\x03\x02\x01\x01")) == 89000001
    assert code(pdfBytesStr=b64(coss.PDF)) == 89003013
    assert code(pdfBytesStr=other["pdfBytes"]) == 89003013
    assert code(pdfBytesStr=sealed) == 89003013
    assert code(pdfBytesStr=b64(b"no pdf")) == 89000001
    assert code(tssSignValue=b64(b"no token")) == 89000001
    wrong_token = client.ok("createAndGetTssInfo", {"oriData": "else", "attachCert": "true"})["tsResp"]
    assert code(tssSignValue=wrong_token) == 89003013
    registry = client.registry
    stranger = registry.add_user(client.application, NewUser("外人", "QT", "9", "13722222222"), now=NOW)
    assert code(userId=stranger.user_id) == 89003005


def test_certificates_with_revocation_lists(tmp_path):
    """Revoked, not revoked, no list where one is demanded, a list that says nothing of this issuer."""
    root = pki.issue("CRL 根", kind="p256", profile="root")
    other = pki.issue("另一个根", kind="p256", profile="root")
    bad = pki.issue("已吊销", root, serial=77)
    good = pki.issue("良好", root, serial=78)
    (tmp_path / "root.pem").write_bytes(root.certificate.pem + other.certificate.pem)
    trust = {"anchors": (str(tmp_path / "root.pem"),), "require_crl": True}
    (tmp_path / "a").mkdir()
    with running(tmp_path / "a", trust=trust) as client:
        assert client.code("validationCert", {"cert": b64(good.certificate.der)}) == 89003028
    (tmp_path / "list.crl").write_bytes(crl(root, 77))
    (tmp_path / "b").mkdir()
    with running(tmp_path / "b", trust=trust | {"crls": (str(tmp_path / "list.crl"),)}) as client:
        assert client.code("validationCert", {"cert": b64(bad.certificate.der)}) == 89003026
        assert client.code("validationCert", {"cert": b64(good.certificate.der)}) == 200
        elsewhere = pki.issue("别处", other, serial=79)
        assert client.code("validationCert", {"cert": b64(elsewhere.certificate.der)}) == 89003029
        future = pki.issue("未生效", root, serial=80, years=(2040, 2050))
        assert client.code("validationCert", {"cert": b64(future.certificate.der)}) == 89003035
        weak = pki.issue("弱", root, serial=81, kind="rsa1024")
        assert client.code("validationCert", {"cert": b64(weak.certificate.der)}) == 89004030


def crl(issuer: pki.Issued, serial: int) -> bytes:
    """By the `cryptography` package, not by our own code."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    authority = x509.load_der_x509_certificate(issuer.certificate.der)
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(serial)
        .revocation_date(NOW - timedelta(days=1))
        .build()
    )
    built = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.subject)
        .last_update(NOW - timedelta(hours=1))
        .next_update(NOW + timedelta(days=1))
        .add_revoked_certificate(revoked)
        .sign(issuer.signer._secret, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


def test_unknown_application_and_wrong_signature(client: coss.Client):
    body = client.signed({"len": 4})
    assert client.send("genRandom", body | {"appId": "APP_X"})["status"] == 89000003
    assert client.send("genRandom", body | {"len": 5})["status"] == 89000005
    assert client.send("genRandom", {k: v for k, v in body.items() if k != "signature"})["status"] == 89000005
    assert client.send("genRandom", {"len": 4})["status"] == 89000001
    assert client.send("genRandom", body | {"signAlgo": "MD5"})["status"] == 89000001
    assert client.send("genRandom", body | {"version": "new"})["status"] == 89000001


def test_database_out_of_order(tmp_path, monkeypatch: pytest.MonkeyPatch):
    with running(tmp_path) as client:
        assert client.code("queryImage", {"userId": client.user.user_id}) == 200
        with client.app.state.service.registry.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE users RENAME TO lost")
        answer = client.post("queryImage", {"userId": client.user.user_id})
        assert answer == {"status": 89000002, "message": MEANINGS[89000002]}


def test_anything_unforeseen_says_nothing(tmp_path, monkeypatch: pytest.MonkeyPatch, capsys):
    def fail(*_: object) -> bytes:
        raise ZeroDivisionError("a secret value")

    with running(tmp_path) as client:
        monkeypatch.setattr("pdfseal.adapters.coss.signatures.encode_base64", fail)
        answer = client.post("genRandom", {"len": 4})
        monkeypatch.undo()
    assert answer == {"status": 89000007, "message": MEANINGS[89000007]}
    text = capsys.readouterr().err
    assert "ZeroDivisionError" in text
    assert "a secret value" not in text


def test_service_without_authority(tmp_path):
    with running(tmp_path, timestamp={"certificate": "", "key": ""}) as client:
        answer = client.post("createAndGetTssInfo", {"oriData": "x", "attachCert": "true"})
    assert answer == {"status": 89000007, "message": MEANINGS[89000007]}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe{}", b'{"appId":1', b"{" * 5000, b'{"a":"\xff"}']
)
def test_what_is_not_json(client: coss.Client, body: bytes):
    answer = client.http.post("/coss/service/v1/genRandom", content=body)
    assert (answer.status_code, answer.json()["status"]) == (200, 89000001)


@pytest.mark.parametrize(
    "value", [0, "", None, True, [], {}, [[1]], {"a": {"b": 1}}, 1e308, "x" * 300, "\x00"]
)
def test_wrong_type_in_every_field(client: coss.Client, value: Any):
    """Whatever stands in a field, the answer is a documented code other than 89000007."""
    everything = {
        name
        for _, fields, _ in CASES
        for name in fields
    } | set(pdf_hash_request(client)) | {"tssSignValue", "certChainStr", "keywordsOfRuleInfo"}  # fmt: skip
    requests = {
        "addUser": NEW, "updateUser": {"userId": "x"}, "queryUserInfo": {"userId": "x"},
        "queryImage": {"userId": "x"}, "queryCert": {"userId": "x", "deviceId": "x"},
        "getCertInfo": {"cert": CERT}, "validationCert": {"cert": CERT}, "verifySign": VERIFY,
        "verifyEssSign": VERIFY, "verifySignData": DATA, "getHashData": {"hashAlgo": "SM3", "inData": "x"},
        "genRandom": {"len": 4}, "createAndGetTssInfo": {"oriData": "x", "attachCert": "true"},
        "getTSInfo": {"tsResp": CERT, "type": 1}, "verifyTS": {"tsResp": CERT, "oriData": "x"},
        "getPdfHash": pdf_hash_request(client, pdfFileStr=b64(b"%PDF-")),
        "composePdfSeal": {
            "userId": "x", "signValue": "AAAA", "pdfBytesStr": "AAAA", "hashSetBytesStr": "AAAA",
        },
        "verifyPdfSeal": {"pdfFileStr": "AAAA"},
    }  # fmt: skip
    for name, fields in requests.items():
        for field in sorted(everything & set(fields)):
            answer = client.send(name, client.signed(fields | {field: value}))
            assert answer["status"] in MEANINGS, (name, field, answer)
            assert answer["status"] != 89000007, (name, field, answer)
            assert json.dumps(answer)
