"""Revocation data inside a CMS: what a signer put beside the signature so that it lasts.

    SignedData.crls        [1] IMPLICIT SET OF CHOICE { CertificateList, other [1] IMPLICIT SEQUENCE {
                               otherRevInfoFormat OBJECT IDENTIFIER, otherRevInfo ANY } }     RFC 5652, 10.2.1
        id-ri-ocsp-response 1.3.6.1.5.5.7.16.2: an OCSPResponse                                 RFC 5940
    RevocationInfoArchival ::= SEQUENCE { crl [0] EXPLICIT SEQUENCE OF CertificateList OPTIONAL,
        ocsp [1] EXPLICIT SEQUENCE OF OCSPResponse OPTIONAL, otherRevInfo [2] … OPTIONAL }
        a signed attribute, 1.2.840.113583.1.1.8                              ISO 32000-2, 12.8.3.3.2

It is a help and no more: what cannot be read is left out. Its signatures are judged in `pki`.
"""

from __future__ import annotations

from pdfseal import asn1
from pdfseal.asn1 import Node
from pdfseal.errors import DocumentError

OCSP_RESPONSE_FORMAT = "1.3.6.1.5.5.7.16.2"
REVOCATION_INFO_ARCHIVAL = "1.2.840.113583.1.1.8"
MAX_ITEMS = 200


def embedded_revocation(contents: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """(DER of CRLs, DER of OCSP responses) in the octets of a hole or a timestamp token."""
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    try:
        root = asn1.read_prefix(contents, where="container")
        items = root.sequence("ContentInfo", least=2, most=5)
        if items[0].tag != asn1.OID:
            return (), ()
        signed_data = items[1].inner("content").sequence("SignedData", least=4, most=6)
        for collection in (item for item in signed_data if item.tag == 0xA1):
            _read_set(collection, crls, ocsps)
        for info in signed_data[-1].children("signerInfos", most=100):
            for part in (item for item in info.sequence("SignerInfo", most=7) if item.tag == 0xA0):
                _read_attributes(part, crls, ocsps)
    except DocumentError:
        pass
    return tuple(dict.fromkeys(crls)), tuple(dict.fromkeys(ocsps))


def _read_set(collection: Node, crls: list[bytes], ocsps: list[bytes]) -> None:
    for item in collection.children("crls", most=MAX_ITEMS):
        if item.tag == asn1.SEQUENCE:
            crls.append(item.raw)
        elif item.tag == 0xA1:
            parts = item.children("otherRevInfo", most=2)
            if len(parts) != 2:
                continue
            kind, value = parts
            if kind.oid("otherRevInfoFormat") == OCSP_RESPONSE_FORMAT:
                ocsps.append(value.raw)


def _read_attributes(attributes: Node, crls: list[bytes], ocsps: list[bytes]) -> None:
    for attribute in attributes.children("signedAttrs", most=100):
        kind, values = attribute.sequence("attribute", least=2, most=2)
        if kind.oid("attrType") != REVOCATION_INFO_ARCHIVAL:
            continue
        for value in values.children("attrValues", most=1):
            for part in value.sequence("RevocationInfoArchival", most=3):
                target = {0xA0: crls, 0xA1: ocsps}.get(part.tag)
                if target is not None:
                    listed = part.inner("RevocationInfoArchival").sequence("list", most=MAX_ITEMS)
                    target += [item.raw for item in listed]
