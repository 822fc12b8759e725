"""What an empty field demands of its signature (/SV): refused if not given, else accepted by pyHanko."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest

import pdfseal
from pdfseal import FieldLock, IntoField, Wording
from pdfseal.crypto.schemes import SCHEMES
from tests.support import honest as steps
from tests.support.oracles import pyhanko_status
from tests.support.pki import PKI
from tests.support.sealing import WHEN, certificate, private_key
from tests.support.timestamps import pyhanko_timestamps, stamper

D, N, S = pikepdf.Dictionary, pikepdf.Name, pikepdf.String
SIGNER, INTERMEDIATE = (pikepdf.String(certificate(f"p256-{name}").der) for name in ("signer", "inter"))
STRANGER = pikepdf.String(certificate("rsa-signer").der)

# what the seed value says, options that satisfy it, options that do not, what the refusal names
Case = tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]
CASES: dict[str, Case] = {
    "filter": ({"Ff": 1, "Filter": N.Other}, {}, {}, "/SV /Filter one of Other"),
    "subfilter": (
        {"Ff": 2, "SubFilter": [N("/ETSI.CAdES.detached")]},
        {}, {"subfilter": "adbe.pkcs7.detached"}, "/SV /SubFilter",
    ),
    "version": ({"Ff": 4, "V": 9}, {}, {}, "/SV /V a signer that knows version 9"),
    "reasons": (
        {"Ff": 8, "Reasons": [S("批准"), S("确认")]},
        {"wording": Wording(reason="批准")}, {"wording": Wording(reason="other")}, "one of 批准, 确认",
    ),
    "no reason": (
        {"Ff": 8, "Reasons": [S(".")]}, {}, {"wording": Wording(reason="批准")}, "that no reason is stated",
    ),
    "no list of reasons": ({"Ff": 8}, {}, {"wording": Wording(reason="批准")}, "that no reason is stated"),
    "revocation data": ({"Ff": 32, "AddRevInfo": True}, {}, {}, "/SV /AddRevInfo"),
    "digest": ({"Ff": 64, "DigestMethod": [S("SHA256")]}, {}, {}, "/SV /DigestMethod"),
    "locked": (
        {"Ff": 128, "LockDocument": N.true, "V": 3},
        {"lock": FieldLock("All", (), 1)}, {"lock": FieldLock("All")}, "that the document is locked",
    ),
    "not locked": (
        {"Ff": 128, "LockDocument": N.false, "V": 3},
        {}, {"lock": FieldLock("All", (), 1)}, "that it is not locked",
    ),
    "appearance": ({"Ff": 256, "AppearanceFilter": S("Stamp")}, {}, {}, "/SV /AppearanceFilter"),
    "signer": ({"Cert": D(Ff=1, Subject=[STRANGER, SIGNER])}, {}, {}, ""),
    "another signer": ({"Cert": D(Ff=1, Subject=[STRANGER])}, {}, {}, "/SV /Cert /Subject one of 1 cert"),
    "issuer": ({"Cert": D(Ff=2, Issuer=[INTERMEDIATE])}, {}, {}, ""),
    "another issuer": ({"Cert": D(Ff=2, Issuer=[STRANGER])}, {}, {}, "/SV /Cert /Issuer one of 1 issuers"),
    "key usage": ({"Cert": D(Ff=32, KeyUsage=[S("1")])}, {}, {}, "/SV /Cert /KeyUsage"),
    "timestamp": ({"TimeStamp": D(Ff=1, URL=S("http://tsa.test"))}, {}, {"timestamp": False}, "a timestamp"),
    "a wish only": ({"Filter": N.Other, "V": 2, "Cert": D(Subject=[STRANGER])}, {}, {}, ""),
}  # fmt: skip
ONLY_REFUSED = {
    "filter", "version", "revocation data", "appearance", "another signer", "another issuer", "key usage",
    "timestamp",
}  # fmt: skip
ONLY_GIVEN = {"signer", "issuer", "digest", "a wish only"}


def with_seed(seed: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(steps.document())) as pdf:
        pdf.Root.AcroForm.Fields[-1].SV = pdf.make_indirect(D(Type=N.SV, **seed))
        pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", sorted(set(CASES) - ONLY_REFUSED))
def test_what_is_demanded_and_given(name: str, tmp_path: Path):
    seed, options, _, _ = CASES[name]
    path = tmp_path / "sealed.pdf"
    path.write_bytes(steps.by_pdfseal(with_seed(seed), placement=IntoField("Reserved"), **options))
    (status,) = pyhanko_status(path, [PKI / "p256-root.crt.pem"], at=WHEN)
    assert status.bottom_line, status.summary


@pytest.mark.parametrize("name", sorted(set(CASES) - ONLY_GIVEN))
def test_what_is_demanded_and_not_given(name: str):
    seed, _, options, words = CASES[name]
    with pytest.raises(pdfseal.RefusedError) as caught:
        steps.by_pdfseal(with_seed(seed), placement=IntoField("Reserved"), **options)
    assert caught.value.code == "forbidden_by_document"
    assert caught.value.message.startswith("the field 'Reserved' demands by its /SV /")
    assert words in caught.value.message


def test_a_timestamp_is_demanded_until_it_is_there(tmp_path: Path):
    """The demand stays with the session, and is found in the prepared PDF alone."""
    pdf, family = with_seed({"TimeStamp": D(Ff=1)}), "p256"
    caption = pdfseal.Caption(("Party A",))
    prepared = pdfseal.prepare(
        pdf, placement=IntoField("Reserved"), appearance=pdfseal.Appearance(captions=(caption,)),
        signer=certificate(f"{family}-signer"), chain=[certificate(f"{family}-inter")], when=WHEN,
    )  # fmt: skip
    prepared = pdfseal.PreparedSeal.from_json(prepared.to_json())
    whole, message = prepared.pdf_bytes(pdf), prepared.hash_set_bytes
    value = private_key(f"{family}-signer").sign(message, SCHEMES[prepared.signature_scheme])
    token = pdfseal.stamp_signature(prepared, value, stamper(family)).token
    assert token is not None

    def from_session(**given: bytes) -> bytes:
        return pdfseal.compose(prepared, value, **given).applied_to(whole)

    def from_pdf(**given: bytes) -> bytes:
        return pdfseal.compose_prepared(whole, message, value, certificates=prepared.certificates, **given)

    for compose in (from_session, from_pdf):
        with pytest.raises(pdfseal.RefusedError, match="demands by its /SV /TimeStamp") as caught:
            compose()
        assert caught.value.code == "forbidden_by_document"
        path = tmp_path / "sealed.pdf"
        path.write_bytes(compose(timestamp=token))
        (status,) = pyhanko_status(path, [PKI / f"{family}-root.crt.pem"], at=WHEN)
        assert status.bottom_line, status.summary
        assert pyhanko_timestamps(path, family) == [("signature", WHEN, True)]
