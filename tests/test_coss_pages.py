"""The pages in a real browser, the OpenAPI document, and the Python client of the library."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import pdfseal
from pdfseal import OutsideError, TrustAnchors
from pdfseal.adapters.coss.app import ENDPOINTS
from pdfseal.adapters.coss.codes import MEANINGS
from pdfseal.adapters.coss_client import CossClient, CossFailure
from tests.support import chromium, coss, pki
from tests.support.coss import ROOT, running

TRUST = TrustAnchors(tuple(pki.certificate(f"{kind}-root") for kind in ("sm2", "rsa", "p256")))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[coss.Client]:
    with running(tmp_path_factory.mktemp("coss")) as found:
        yield found


def test_openapi_describes_every_endpoint(client: coss.Client):
    document = client.http.get("/openapi.json").json()
    assert {path.rpartition("/")[2] for path in document["paths"]} == set(ENDPOINTS)
    assert document["info"]["x-status-codes"] == {str(code): text for code, text in MEANINGS.items()}
    docs = client.http.get("/docs").text
    assert all(f'id="{name}"' in docs for name in ENDPOINTS)
    assert "89005099" in docs
    assert "{base}" not in docs + client.http.get("/").text


def test_nothing_made_up_breaks_it(client: coss.Client, tmp_path: Path):
    program = shutil.which("schemathesis")
    if program is None:
        pytest.skip("schemathesis is not installed")
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
        "PYTHONPATH": str(ROOT / "tests" / "coss_clients"),
        "COSS_APP_ID": client.application.app_id,
        "COSS_SECURE_CODE": client.application.secure_code,
    }
    checks = "not_a_server_error,response_schema_conformance,status_code_conformance"
    done = subprocess.run(
        [program, "run", f"{client.http.base_url}/openapi.json", "--checks", checks, "--max-examples", "10"],
        capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_python_client(client: coss.Client):
    base = str(client.http.base_url).rstrip("/") + "/coss"
    caller = CossClient(base, client.application.app_id, client.application.secure_code)
    assert len(base64.b64decode(caller.call("genRandom", len=8))) == 8
    words = {"signType": "个人签章", "signProvince": "北京", "signName": "张三"}
    prepared = caller.prepare(
        coss.PDF, client.user.user_id, wording=words, keyword={"keyWord": "甲方"}, seal_type="CMS_SM2",
        signWidth=60,
    )  # fmt: skip
    signature = coss.outside_signature("CMS_SM2", prepared.to_be_signed)
    sealed = caller.compose(prepared, signature, timestamp=True)
    report = pdfseal.verify(sealed, trust=TRUST)
    assert report.verdict == "passed"
    assert report.signatures[0].timestamp is not None
    with pytest.raises(CossFailure) as failure:
        caller.call("queryImage", userId="nobody")
    assert failure.value.status == 89004022
    with pytest.raises(OutsideError) as error:
        CossClient("http://127.0.0.1:1/coss", "a", "b").call("genRandom", len=1)
    assert error.value.code == "service_failed"


def test_the_page_in_chromium(client: coss.Client, tmp_path: Path):
    """A sealed PDF is judged, and another one is sealed with a key that only the browser holds."""
    sealed = tmp_path / "sealed.pdf"
    sealed.write_bytes(coss.seal_pdf(client, "GB_SM2", signWidth=60))
    (tmp_path / "in.pdf").write_bytes(coss.PDF)
    who = {
        "app": client.application.app_id, "code": client.application.secure_code, "user": client.user.user_id,
    }  # fmt: skip
    url = f"{client.http.base_url}/#" + "&".join(f"{key}={quote(value)}" for key, value in who.items())
    with chromium.opened(url, tmp_path) as tab:
        tab.choose_file("#verifyFile", sealed)
        tab.wait_for("document.querySelector('#verdict .seal') || document.querySelector('#verdict .bad')")
        text = tab.evaluate("document.querySelector('#verdict').innerText")
        assert text.startswith("200 ")
        assert "SM3WithSM2" in text
        assert tab.evaluate("document.querySelector('.seal img').naturalWidth") == 125
        tab.choose_file("#pdf", tmp_path / "in.pdf")
        tab.choose_file("#key", pki.PKI / "p256-signer.key.pem")
        tab.evaluate(
            "document.querySelector('#keyword').value = '甲方'; document.querySelector('#go').click()"
        )
        tab.wait_for("document.querySelector('#result a') || document.querySelector('#result .bad')")
        assert tab.evaluate("document.querySelectorAll('#steps li').length") == 3
        assert "SHA256WithECDSA" in tab.evaluate("document.querySelector('#verdict').innerText")
        language = tab.evaluate("document.documentElement.lang")
        tab.evaluate("document.querySelector('#language').click()")
        assert tab.evaluate("document.documentElement.lang") != language
        tab.screenshot(Path(os.environ.get("PDFSEAL_SCREENSHOTS", tmp_path)) / "page.png")
