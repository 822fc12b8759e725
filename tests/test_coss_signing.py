"""Request signatures: every habit of real clients, the bound on work, lock-out, replay, debug mode."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from typing import Any

import pytest

from pdfseal.adapters.coss import signing
from pdfseal.adapters.coss.auth import Failures
from pdfseal.adapters.coss.codes import CossError
from pdfseal.adapters.coss.wire import Fields
from pdfseal.adapters.registry import ApplicationSettings
from tests.support import coss
from tests.support.coss import running

SECRET = "s3cret"
REQUEST: dict[str, Any] = {
    "appId": "APP_1",
    "configureSealInfo": {"signType": "个人签章", "list": ["北京", 1.50, True, None, {"x": "y"}]},
    "coverTextOfEffect": False,
    "department": "",
    "pdfFileStr": "JVBERi0x",
    "signWidth": 150,
    "telephone": None,
    "zone": "东八区",
}
HABITS = [
    (nested, keeps, trailing, literals)
    for nested, keeps, trailing, literals in itertools.product(
        ("compact", "wire", "java", "python"), (False, True), (False, True), (False, True)
    )
    if not literals or nested == "python"
]


def java(value: Any) -> str:
    """java.util.Map.toString"""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={java(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(java, value)) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)


def signed_string(request: dict[str, Any], nested: str, keeps: bool, trailing: bool, literals: bool) -> str:
    """As a client with these habits writes it; independent of the code under test."""
    how = {
        "compact": lambda v: json.dumps(v, ensure_ascii=False, separators=(",", ":")),
        "wire": lambda v: json.dumps(v, ensure_ascii=False),
        "java": java,
        "python": repr,
    }[nested]
    parts = []
    for name in sorted(request):
        value = request[name]
        if value is None:
            if keeps and nested == "python":
                parts.append(f"{name}=None")
        elif value == "" and isinstance(value, str):
            if keeps:
                parts.append(f"{name}=")
        elif isinstance(value, dict | list):
            parts.append(f"{name}={how(value)}")
        elif isinstance(value, bool):
            parts.append(f"{name}={value if literals else json.dumps(value)}")
        else:
            parts.append(f"{name}={value}")
    return "&".join(parts) + ("&" if trailing else "")


def hmac_of(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(hmac.digest(SECRET.encode(), text.encode(charset), "sha256")).decode()


def fields_of(request: dict[str, Any]) -> Fields:
    return Fields.of(json.dumps(request, ensure_ascii=False).encode())


@pytest.mark.parametrize("habit", HABITS, ids=str)
def test_every_combination_of_habits(habit: tuple[str, bool, bool, bool]):
    """One request that shows all habits apart has ten strings; eight are tried (see MAX_CANDIDATES).

    The two beyond (Python's repr together with JSON's own true and false) are found as soon as
    two of the others agree, as they do in nearly every request.
    """
    nested, _, _, literals = habit
    request = dict(REQUEST)
    if nested == "python" and not literals:
        del request["telephone"], request["department"]  # no empty values: the forms that keep them fold
    signature = hmac_of(signed_string(request, *habit))
    match = signing.verify(fields_of(request), signature, SECRET, strict=False)
    assert match is not None
    assert match.trailing == habit[2]


@pytest.mark.parametrize("habit", HABITS, ids=str)
def test_strict_takes_the_plainest_alone(habit: tuple[str, bool, bool, bool]):
    signature = hmac_of(signed_string(REQUEST, *habit))
    match = signing.verify(fields_of(REQUEST), signature, SECRET, strict=True)
    assert (match is not None) == (habit == ("compact", False, False, False))


def test_no_more_than_eight_candidates(monkeypatch: pytest.MonkeyPatch):
    states = signing._states(fields_of(REQUEST), signing.FORMS, b"k", "utf-8")
    assert len(states) == signing.MAX_CANDIDATES == 8
    plain = {"appId": "A", "len": 4, "version": "1.0"}
    assert len(signing._states(fields_of(plain), signing.FORMS, b"k", "utf-8")) == 1


def test_a_large_value_goes_through_each_state_once(monkeypatch: pytest.MonkeyPatch):
    """A field before the first difference is hashed once, whatever the number of forms."""
    large = "A" * 1_000_000
    hashed = []

    class Counting:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def update(self, data: Any) -> None:
            hashed.append(len(data))
            self.inner.update(data)

        def copy(self) -> Counting:
            return Counting(self.inner.copy())

        def digest(self) -> bytes:
            return self.inner.digest()

    real = hmac.new
    monkeypatch.setattr(signing.hmac, "new", lambda key, digestmod: Counting(real(key, digestmod=digestmod)))
    request = {"aLarge": large, "nested": {"a": [1, 2]}, "empty": ""}
    wrong = base64.b64encode(bytes(32)).decode()
    assert signing.verify(fields_of(request), wrong, SECRET, strict=False) is None
    # once for the form that is tried first, once for all the others together
    assert sum(size for size in hashed if size == len(large)) == 2 * len(large)


def test_the_remembered_form_is_tried_first():
    signature = hmac_of(signed_string(REQUEST, "java", True, True, False))
    match = signing.verify(fields_of(REQUEST), signature, SECRET, strict=False)
    assert match is not None
    again = signing.verify(fields_of(REQUEST), signature, SECRET, strict=False, first=match.form)
    assert again == match
    assert match.name == "java, keeps empty values, trailing &"


def test_no_value_is_left_unsigned():
    """Whatever field changes, no form accepts the old signature."""
    signature = hmac_of(signed_string(REQUEST, "compact", False, False, False))
    for name, value in REQUEST.items():
        if value in ("", None):
            continue
        changed = REQUEST | {name: {"a": 2} if isinstance(value, dict) else "changed"}
        assert signing.verify(fields_of(changed), signature, SECRET, strict=False) is None
        without = {key: item for key, item in REQUEST.items() if key != name}
        assert signing.verify(fields_of(without), signature, SECRET, strict=False) is None
    assert signing.verify(fields_of(REQUEST | {"new": "1"}), signature, SECRET, strict=False) is None


def test_gbk_only_where_it_is_set():
    text = signed_string(REQUEST, "compact", False, False, False)
    fields = fields_of(REQUEST)
    assert signing.verify(fields, hmac_of(text, "gbk"), SECRET, strict=False) is None
    assert signing.verify(fields, hmac_of(text, "gbk"), SECRET, strict=False, charset="gbk")
    assert signing.verify(fields, hmac_of(text), SECRET, strict=False, charset="gbk") is None


def test_escapes_are_signed_as_what_they_mean():
    wire = b'{"a":"x\\/y\\u003d","n":{"k":"\\u5317"},"signature":"z"}'
    fields = Fields.of(wire)
    assert signing.string_to_sign(fields) == 'a=x/y=&n={"k":"北"}'
    raw = hmac_of('a=x/y=&n={"k":"\\u5317"}')
    assert signing.verify(fields, raw, SECRET, strict=False)


@pytest.mark.parametrize("signature", ["", "?", "AAAA", "=" * 44, "é" * 20, "A" * 43 + "=="])
def test_what_is_no_signature(signature: str):
    assert signing.verify(fields_of(REQUEST), signature, SECRET, strict=False) is None


def test_hostile_nesting():
    deep = b'{"a":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b',"signature":"x"}'
    with pytest.raises(CossError):
        signing.verify(Fields.of(deep), hmac_of("a"), SECRET, strict=False)


def test_failures_are_counted_and_forgotten():
    now = [0.0]
    failures = Failures(3, 10.0, clock=lambda: now[0])
    for _ in range(2):
        failures.note("a")
    assert not failures.blocked("a")
    failures.note("a")
    assert failures.blocked("a")
    assert not failures.blocked("b")
    now[0] = 10.5
    assert not failures.blocked("a")


def test_lock_out(tmp_path):
    with running(tmp_path, auth={"lock_after": 3}) as client:
        good = client.signed({"len": 4})
        bad = good | {"len": 5}
        assert client.send("genRandom", good)["status"] == 200
        assert [client.send("genRandom", bad)["status"] for _ in range(3)] == [89000005] * 3
        answer = client.send("genRandom", good)
        assert answer["status"] == 89000005
        assert "locked out" in answer["message"]


def test_an_address_that_only_fails_is_not_read(tmp_path):
    with running(tmp_path, auth={"address_failures": 5, "lock_after": 100}) as client:
        bad = client.signed({"len": 4}) | {"len": 5}
        for _ in range(5):
            assert client.send("genRandom", bad)["status"] == 89000005
        answer = client.http.post(client.base + "genRandom", json=client.signed({"len": 4}))
        assert (answer.status_code, answer.json()["status"]) == (429, 89000005)
        assert answer.headers["retry-after"]


def test_replay_window(tmp_path):
    with running(tmp_path) as client:
        client.registry.set_settings(
            client.application, ApplicationSettings(replay_window_s=60), now=client.application.created
        )
        assert client.code("genRandom", {"len": 4}) == 89000001
        body = client.signed({"len": 4}, transId="once")
        assert client.send("genRandom", body)["status"] == 200
        again = client.send("genRandom", body)
        assert (again["status"], again["transId"]) == (89000001, "once")


def test_debug_mode_tells_the_strings_and_no_signature(tmp_path):
    with running(tmp_path, auth={"debug": True}) as client:
        body = client.signed({"oriData": "秘密" * 100, "attachCert": "true"})
        right = body["signature"]
        wrong = base64.b64encode(bytes(32)).decode()
        answer = client.send("createAndGetTssInfo", body | {"signature": wrong})
    assert answer["status"] == 89000005
    strings = answer["data"]["stringsToSign"]
    assert strings[0].startswith(f"appId={client.application.app_id}&attachCert=true&oriData=")
    assert "…(600 bytes)" in strings[0]
    assert right not in json.dumps(answer)
    assert client.application.secure_code not in json.dumps(answer)


def test_settings_of_one_application(tmp_path):
    with running(tmp_path) as client:
        body = {"version": "1.0", "appId": client.application.app_id, "signAlgo": "HMAC", "len": 4}
        text = "&".join(f"{name}={body[name]}" for name in sorted(body)) + "&"
        digest = hmac.digest(client.application.secure_code.encode(), text.encode(), hashlib.sha256)
        body["signature"] = coss.b64(digest)
        assert client.send("genRandom", body)["status"] == 200
        client.registry.set_settings(
            client.application, ApplicationSettings(signature_mode="strict"), now=client.application.created
        )
        client.app.state.service.authenticator._applications.clear()
        assert client.send("genRandom", body)["status"] == 89000005
        assert client.code("genRandom", {"len": 4}) == 200
