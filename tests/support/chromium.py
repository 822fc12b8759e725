"""Headless Chromium, driven over its DevTools protocol by a WebSocket client of thirty lines."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Tab:
    """One page."""

    def __init__(self, url: str) -> None:
        host, _, path = url.removeprefix("ws://").partition("/")
        name, _, port = host.partition(":")
        self._socket = socket.create_connection((name, int(port)), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._file = self._socket.makefile("rb")
        while self._file.readline().strip():
            pass
        self._number = 0

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        data = json.dumps({"id": self._number, "method": method, "params": parameters}).encode()
        mask = os.urandom(4)
        size = (
            bytes([0x80 | 126]) + len(data).to_bytes(2)
            if len(data) < 65536
            else bytes([0xFF]) + len(data).to_bytes(8)
        )
        masked = bytes(octet ^ mask[index % 4] for index, octet in enumerate(data))
        self._socket.sendall(b"\x81" + size + mask + masked)
        while True:
            answer = json.loads(self._frame())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _frame(self) -> bytes:
        whole = b""
        while True:
            first, length = self._file.read(2)
            length &= 0x7F
            if length > 125:
                length = int.from_bytes(self._file.read(2 if length == 126 else 8))
            whole += self._file.read(length)
            if first & 0x80:
                return whole

    def evaluate(self, script: str) -> Any:
        found = self.command("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def choose_file(self, selector: str, path: Path) -> None:
        """What a person does with a file input."""
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def wait_for(self, script: str, *, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not self.evaluate(f"!!({script})"):
            assert time.monotonic() < deadline, self.evaluate("document.body.innerText")
            time.sleep(0.1)

    def screenshot(self, path: Path) -> None:
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Tab]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    process = subprocess.Popen(
        [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
            f"--user-data-dir={folder / 'chromium'}", "--window-size=1100,1400", "about:blank",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        marker = folder / "chromium" / "DevToolsActivePort"
        deadline = time.monotonic() + 30
        while not marker.exists() or not marker.read_text().strip():
            assert time.monotonic() < deadline, "chromium did not start"
            time.sleep(0.1)
        port = marker.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            page = next(one for one in json.load(answer) if one["type"] == "page")
        tab = Tab(page["webSocketDebuggerUrl"])
        tab.command("Page.enable")
        tab.command("Page.navigate", url=url)
        tab.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")
        yield tab
        tab._file.close()
        tab._socket.close()
    finally:
        process.terminate()
        process.wait(20)
