"""A client of the COSS interface, written from the manual alone, with requests. Arguments as of client.sh.

STYLE python signs what str() makes of each value, wire what json.dumps does, compact without spaces.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys

import requests

base, app_id, secret, user_id, seal_type, pdf, key, out, style, app_name = sys.argv[1:11]


def text_of(value):
    if isinstance(value, dict | list):
        if style == "python":
            return str(value)
        separators = (",", ":") if style == "compact" else None
        return json.dumps(value, ensure_ascii=style == "wire", separators=separators)
    if isinstance(value, bool) and style != "python":
        return json.dumps(value)
    return str(value)


def post(name, **fields):
    body = {"appId": app_id, "version": "2.0.9", "signAlgo": "HmacSHA256"} | fields
    text = "&".join(f"{name}={text_of(body[name])}" for name in sorted(body))
    digest = hmac.new(secret.encode(), text.encode("utf-8"), hashlib.sha256).digest()
    body["signature"] = base64.b64encode(digest).decode()
    answer = requests.post(base + name, json=body, timeout=60).json()
    assert answer["status"] == 200, (name, answer)
    return answer


def sign(data):
    if seal_type.endswith("SM2"):
        command = os.environ["SM2_SIGNER"].split()
    else:
        command = ["openssl", "dgst", "-sha256", "-sign", key]
    return base64.b64encode(
        subprocess.run(command, input=data, capture_output=True, check=True).stdout
    ).decode()


with open(pdf, "rb") as file:
    content = base64.encodebytes(file.read()).decode()  # wrapped lines
prepared = post(
    "getPdfHash",
    userId=user_id,
    signSealType=seal_type,
    pdfFileStr=content,
    configureSealInfo={"signType": "个人签章", "signProvince": "北京", "signName": "张浩"},
    coordOfRuleInfo={"top": 300, "right": 600, "bottom": 200, "left": 350, "pageNo": 1},
    appName=app_name,
    signWidth=150,
    coverTextOfEffect=False,
)["data"]
sealed = post(
    "composePdfSeal",
    userId=user_id,
    signSealType=seal_type,
    signValue=sign(base64.b64decode(prepared["hashSetBytes"])),
    pdfBytesStr=prepared["pdfBytes"],
    hashSetBytesStr=prepared["hashSetBytes"],
)["data"]
with open(out, "wb") as file:
    file.write(base64.b64decode(sealed))
print(json.dumps(post("verifyPdfSeal", pdfFileStr=sealed)))
