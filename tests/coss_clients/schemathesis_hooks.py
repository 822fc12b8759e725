"""Signs what schemathesis makes up, so that it gets past authentication.

SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=tests/coss_clients COSS_APP_ID=… COSS_SECURE_CODE=… \
    schemathesis run http://127.0.0.1:8759/openapi.json --checks all
"""

import base64
import hashlib
import hmac
import json
import os

import schemathesis


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@schemathesis.hook
def before_call(context, case, kwargs):
    body = case.body
    if not isinstance(body, dict):
        return
    body |= {"appId": os.environ["COSS_APP_ID"], "signAlgo": "HMAC", "version": "1.0"}
    body.pop("signature", None)
    text = "&".join(f"{name}={text_of(body[name])}" for name in sorted(body) if body[name] not in (None, ""))
    digest = hmac.digest(
        os.environ["COSS_SECURE_CODE"].encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256
    )
    body["signature"] = base64.b64encode(digest).decode()
