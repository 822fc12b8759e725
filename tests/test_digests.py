from __future__ import annotations

import base64
import json
import subprocess

import pytest

from pdfseal.crypto.digests import DIGESTS, digest, digest_by_oid, new_hash
from pdfseal.crypto.schemes import SCHEMES, message_digest
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate

SM3_EXAMPLES = {  # GB/T 32905-2016, A.1 and A.2
    b"abc": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    b"abcd" * 16: "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
}


@pytest.mark.parametrize("message", SM3_EXAMPLES)
def test_sm3_examples_of_the_standard(message: bytes):
    assert digest("sm3", message).hex() == SM3_EXAMPLES[message]


@pytest.mark.parametrize("name", DIGESTS)
def test_openssl_agrees(name: str):
    data = bytes(range(256)) * 100
    expected = subprocess.run(
        ["openssl", "dgst", f"-{name}", "-binary"], input=data, capture_output=True
    ).stdout
    assert digest(name, data) == expected
    assert len(expected) == DIGESTS[name].size_bytes


@pytest.mark.parametrize("name", DIGESTS)
def test_a_copy_goes_its_own_way_and_a_digest_can_be_asked_for_twice(name: str):
    state = new_hash(name)
    state.update(b"one")
    other = state.copy()
    other.update(memoryview(b"two"))
    assert state.digest() == state.digest() == digest(name, b"one")
    assert other.digest() == digest(name, bytearray(b"onetwo"))


def test_unknown_names_and_oids():
    with pytest.raises(CallerError, match="md5"):
        new_hash("md5")
    with pytest.raises(DocumentError) as caught:
        digest_by_oid("1.2.840.113549.2.5")
    assert caught.value.code == "container_malformed"
    assert all(digest_by_oid(item.oid) is item for item in DIGESTS.values())


def test_the_manuals_digest(fixtures):
    for case in json.loads((fixtures / "vectors" / "manual_digest.json").read_text())["cases"]:
        key = Certificate.load(case["certificate"].encode()).public_key
        e = message_digest(SCHEMES["sm2-sm3"], key, case["message"].encode())
        assert base64.b64encode(e).decode() == case["expected"], case["reason"]
