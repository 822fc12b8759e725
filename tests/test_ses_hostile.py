"""Hostile and damaged seals: an error of ours, soon, and never another exception.

`PDFSEAL_FUZZ_RUNS=20000 pytest tests/test_ses_hostile.py` for the long run; PDFSEAL_FUZZ_SEED
for another one.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from random import Random

import pytest

from fixtures.ses_forge import DOCUMENT, make_info, make_seal, make_signature, make_tbs
from pdfseal import asn1
from pdfseal.containers import finish, read_container
from pdfseal.containers.seal import finish_seal, verify_seal
from pdfseal.containers.ses import plan_ses, read_seal
from pdfseal.containers.ses_reading import read_tbs
from pdfseal.containers.ses_steps import seal_facts, verify_seal_steps
from pdfseal.crypto.digests import digest
from pdfseal.errors import DocumentError, InternalError, PdfsealError
from tests.support import ses
from tests.support.mutate import mutate
from tests.support.ses import LAYOUTS, who

RUNS = int(os.environ.get("PDFSEAL_FUZZ_RUNS", "2000"))
SEED = os.environ.get("PDFSEAL_FUZZ_SEED", "")
NOW = datetime(2025, 1, 1, tzinfo=UTC)
SIGNER, MAKER = who("sm2-signer"), who("sm2-maker")
CONTAINERS = [
    (ses.SAMPLES / entry["name"]).read_bytes() for entry in ses.samples() if entry.get("what") != "seal"
]


# -- damaged at random ----------------------------------------------------------------------


def judge_container(data: bytes) -> None:
    container = read_container(data)
    ses.check(container)
    if hasattr(container, "seal"):
        verify_seal_steps(container, at_signing=container.signing_time, now=NOW)
        assert container.certificates is not None
        seal_facts(container.seal)


def judge_seal(data: bytes) -> None:
    verify_seal(read_seal(data), anchors=None, at=NOW).to_json()
    plan = plan_ses(data, SIGNER.certificate)
    plan.to_be_signed(bytes(32), byte_range=(0, 1, 2, 3), when=NOW)


def judge_tbs(data: bytes) -> None:
    finish(data, b"\x30\x06\x02\x01\x01\x02\x01\x01", certificates=[SIGNER.certificate])


def judge_seal_to_be_signed(data: bytes) -> None:
    finish_seal(data, b"\x30\x06\x02\x01\x01\x02\x01\x01", maker=MAKER.certificate)


PARSERS = {
    "container": (judge_container, CONTAINERS),
    "seal": (judge_seal, [read_container(data).seal.raw for data in CONTAINERS]),
    "tbs": (judge_tbs, [read_container(data).tbs.raw for data in CONTAINERS]),
    "seal_to_be_signed": (
        judge_seal_to_be_signed,
        [read_container(data).seal.signed_raw for data in CONTAINERS],
    ),
}


@pytest.mark.parametrize("name", PARSERS)
def test_no_exception_but_ours(name):
    judge, originals = PARSERS[name]
    random = Random(name + SEED)
    read = 0
    for number in range(RUNS):
        data = mutate(random.choice(originals), random)
        try:
            judge(data)
            read += 1
        except InternalError:
            raise
        except PdfsealError:
            continue
        except Exception as error:
            raise AssertionError(f"run {number}: {type(error).__name__}: {error}\n{data.hex()}") from error
    assert read < RUNS


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_truncation_is_an_error(layout):
    data = ses.sign(ses.make_plan(layout))
    for size in range(0, len(data), 7):
        with pytest.raises(DocumentError):
            read_container(data[:size])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_flipped_bit_is_detected_or_reported(layout):
    """Bits of the container: each flip is unreadable, fails a step, or shows as a leniency."""
    data = ses.sign(ses.make_plan(layout))
    random = Random(layout)
    silent = []
    for position in random.sample(range(8 * len(data)), min(RUNS, 8 * len(data))):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        try:
            container = read_container(bytes(flipped))
        except DocumentError:
            continue
        result = ses.check(container)
        steps = verify_seal_steps(container, at_signing=container.signing_time, now=NOW)
        good = result.signature_ok and result.digest_ok and all(step.ok is not False for step in steps)
        if good and not container.reading.used:
            silent.append(position)
    assert silent == []


# -- made to hurt ---------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    """SEQUENCE in SEQUENCE, with definite lengths."""
    data = b""
    for _ in range(depth):
        data = asn1.element(asn1.SEQUENCE, data)
    return data


def picture(length: bytes, data: bytes = b"") -> bytes:
    octets = b"\x04" + length + data
    return asn1.sequence(asn1.ia5_string("PNG"), octets, asn1.integer(30), asn1.integer(30))


def cert_list(count: int, item: bytes) -> bytes:
    return asn1.sequence(*[item] * count)


BOMBS = {
    "picture_of_1_gb": {"picture": picture(b"\x84\x40\x00\x00\x00")},
    "picture_of_2_to_the_64": {"picture": picture(b"\x88" + b"\xff" * 8)},
    "picture_above_8_mb": {"picture": picture(b"\x83\x80\x00\x01", bytes((8 << 20) + 1))},
    "10000_certificates": {"certList": cert_list(10_000, asn1.octet_string(SIGNER.certificate.der))},
    "10000_empty_certificates": {"certList": cert_list(10_000, asn1.octet_string(b""))},
    "10000_digests": {
        "certList": cert_list(
            10_000, asn1.sequence(asn1.printable_string("SM3"), asn1.octet_string(bytes(32)))
        )
    },
    "nested_10000": {"extDatas": nested(10_000)},
    "nested_10000_as_property": {"name": nested(10_000)},
    "nested_indefinite": {"extDatas": b"\x30\x80" * 10_000},
    "10000_extensions": {
        "extDatas": cert_list(10_000, asn1.sequence(asn1.object_identifier("1.2.3"), b"\x04\x00"))
    },
    "name_of_1_mb": {"name": asn1.element(asn1.UTF8_STRING, b"a" * (1 << 20))},
    "version_of_1_mb": {"version": asn1.element(asn1.INTEGER, b"\x01" * (1 << 20))},
    "oid_of_1_mb": {"signAlgID": asn1.element(asn1.OID, b"\x2a" * (1 << 20))},
    "no_identifier": {"ID": asn1.ia5_string("XX")},
    "digests_under_type_1": {
        "certList": cert_list(1, asn1.sequence(asn1.printable_string("SM3"), asn1.octet_string(bytes(32)))),
        "certListType": asn1.integer(1),
    },
    "negative_size": {
        "picture": asn1.sequence(asn1.ia5_string("PNG"), b"\x04\x00", asn1.integer(-1), asn1.integer(1))
    },
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_hostile_seal_costs_little_and_is_an_error(name, layout):
    seal = make_seal(layout, [SIGNER.certificate], MAKER, **BOMBS[name])
    tbs = make_tbs(layout, seal, SIGNER)
    container = make_signature(layout, tbs, SIGNER)
    for read, data in ((read_seal, seal), (read_tbs, tbs), (read_container, container)):
        costs = []
        for _ in range(3):  # processor time, the best of three: the machine may be busy
            started = time.process_time()
            with pytest.raises(DocumentError) as caught:
                read(data)
            costs.append(time.process_time() - started)
        assert min(costs) < 0.1
        assert caught.value.code in ("container_malformed", "limit_exceeded")


@pytest.mark.parametrize(
    "data", [nested(10_000), b"\x30\x80" * 10_000, b"\x30\x84\x7f\xff\xff\xff", b"\xff" * 5000]
)
def test_a_hostile_frame_costs_little_and_is_an_error(data):
    for read in (read_seal, read_tbs, read_container):
        started = time.process_time()
        with pytest.raises(DocumentError):
            read(data)
        assert time.process_time() - started < 0.2  # one shot; the bound is 0.1 s at rest


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_seal_at_the_limits_is_read_in_time(layout):
    """1,000 owners and the largest picture: whole verification, well below the time of a page."""
    owners = [SIGNER.certificate] * 1000
    large = picture(b"\x83\x7f\xff\xff", bytes(0x7FFFFF))
    seal = make_seal(layout, owners, MAKER, picture=large)
    data = make_signature(layout, make_tbs(layout, seal, SIGNER), SIGNER)
    started = time.process_time()
    judge_container(data)
    assert time.process_time() - started < 1.0


def test_frames_of_a_wrong_size():
    info = make_info("ses2014", [SIGNER.certificate])
    three = asn1.sequence(info, asn1.octet_string(b""), asn1.object_identifier("1.2.3"))
    tbs = asn1.sequence(asn1.integer(1), ses.make_seal("ses2014"))
    for data, read in ((three, read_seal), (tbs, read_tbs), (asn1.sequence(tbs, three), read_container)):
        with pytest.raises(DocumentError):
            read(data)


def test_data_hash_of_no_digest():
    plan = ses.make_plan("ses2020")
    tbs = make_tbs("ses2020", plan.seal.raw, SIGNER, dataHash=asn1.bit_string(bytes(5)))
    container = read_container(make_signature("ses2020", tbs, SIGNER))
    assert container.needed_digests() == ()
    result = container.check({})
    assert (result.digest_ok, result.signature_ok) == (False, True)
    assert "which no digest for this key has" in result.reasons[0]


def test_certificates_that_cannot_be_read_are_reasons_not_exceptions():
    for layout in LAYOUTS:
        data = ses.sign(ses.make_plan(layout))
        signer, maker = SIGNER.certificate.der, MAKER.certificate.der
        garbage = bytes([0x30]) + bytes(len(signer) - 1)
        container = read_container(data.replace(signer, garbage))
        result = container.check(
            {spec: digest(spec.algorithm, DOCUMENT) for spec in container.needed_digests()}
        )
        assert not result.signature_ok
        assert "certificate cannot be read" in result.reasons[0]
        assert container.signer is None
        container = read_container(data.replace(maker, bytes([0x30]) + bytes(len(maker) - 1)))
        steps = {step.name: step for step in verify_seal_steps(container, at_signing=None, now=NOW)}
        assert steps["maker_signature"].ok is False
        assert "certificate cannot be read" in steps["maker_signature"].message
