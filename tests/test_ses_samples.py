"""fixtures/ses: each leniency is used, named and recorded; a strict reading refuses it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fixtures.ses_forge import DOCUMENT, NAME, WHEN
from pdfseal.asn1 import LENIENCIES, Reading
from pdfseal.containers import read_container
from pdfseal.containers.ses import read_seal
from pdfseal.containers.ses_steps import seal_facts, verify_seal_steps
from pdfseal.errors import DocumentError
from tests.support import ses

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SAMPLES = ses.samples()

# What real seals of 15 vendors need; each has a sample.
NEEDED = {
    "bit_string_as_octets", "bit_string_lost_zeros", "bit_string_unused_bits", "cert_list_type_3",
    "cms_signature_algorithm", "explicit_default", "ext_data_tagged", "ext_data_untagged", "integer_negative",
    "integer_not_minimal", "padding_not_zero", "ses_layout_mixed", "ses_version", "signature_raw",
    "text_misencoded", "text_nul_padded", "text_other_tag", "time_free_form", "time_other_type",
    "time_two_digit_year", "time_without_zone",
}  # fmt: skip


def read(entry, reading):
    data = (ses.SAMPLES / entry["name"]).read_bytes()
    return (
        read_seal(data, reading=reading)
        if entry.get("what") == "seal"
        else read_container(data, reading=reading)
    )


def test_every_leniency_has_a_sample():
    assert {name for entry in SAMPLES for name in entry["leniencies"]} == NEEDED
    assert set(LENIENCIES) >= NEEDED


def test_the_index_names_every_file():
    assert {entry["name"] for entry in SAMPLES} == {path.name for path in ses.SAMPLES.glob("*.der")}


@pytest.mark.parametrize("entry", SAMPLES, ids=lambda entry: entry["name"])
def test_a_lenient_reading_verifies_and_records(entry):
    reading = Reading()
    subject = read(entry, reading)
    steps = verify_seal_steps(subject, at_signing=WHEN, now=NOW)
    assert [step for step in steps if step.ok is False] == []
    if entry.get("what") != "seal":
        result = ses.check(subject, entry.get("document", DOCUMENT.decode()).encode())
        assert (result.digest_ok, result.signature_ok, result.reasons) == (True, True, ())
        assert (subject.signing_time is None) == ("signing_time" in entry)
        assert (subject.timestamp is not None) == entry.get("timestamp", False)
    seal = subject if entry.get("what") == "seal" else subject.seal
    assert seal.info.property.name == NAME
    assert sorted(reading.used) == entry["leniencies"]
    assert sorted(seal_facts(seal)["leniencies"]) == entry["leniencies"]
    assert all(name in steps[0].message for name in entry["leniencies"])


@pytest.mark.parametrize("entry", SAMPLES, ids=lambda entry: entry["name"])
def test_a_strict_reading_refuses_every_leniency(entry):
    if not entry["leniencies"]:
        read(entry, Reading(strict=True))
        return
    with pytest.raises(DocumentError, match=r"\(strict mode\)|is not a time") as caught:
        read(entry, Reading(strict=True))
    assert caught.value.code == "container_malformed"


TIMES = [
    ("ses2014-sm2.der", WHEN),
    ("ses2014-token.der", WHEN),
    ("ses2014-der-time.der", datetime(2020, 6, 1, tzinfo=UTC)),
    ("time-info-free-form.der", WHEN),
    ("time-info-free-form-2020.der", WHEN),
    ("time-info-without-zone.der", WHEN),
    ("time-two-digit-year.der", WHEN),
    ("time-info-no-time.der", None),
]


@pytest.mark.parametrize(("name", "expected"), TIMES)
def test_the_signing_time(name, expected):
    assert read_container((ses.SAMPLES / name).read_bytes()).signing_time == expected


def test_the_seal_of_2025_keeps_its_timestamp():
    container = read_container((ses.SAMPLES / "ses2025.der").read_bytes())
    assert container.seal.info.version == container.tbs.version == 5
    assert container.seal.timestamp is not None
    assert seal_facts(container.seal)["timestamp"] == "not_checked"


@pytest.mark.skipif(ses.WHY_NO_BOUNCY_CASTLE != "", reason=ses.WHY_NO_BOUNCY_CASTLE)
def test_bouncy_castle_accepts_the_samples_that_need_no_leniency():
    plain = [entry["name"] for entry in SAMPLES if not entry["leniencies"] and entry.get("what") != "seal"]
    said = ses.bouncy_castle_says([ses.SAMPLES / name for name in plain])
    assert set(said) == set(plain)
    assert all(facts[1:3] == ["true", "true"] for facts in said.values())
