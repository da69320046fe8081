"""Chromium without a window, led by its own protocol through a pair of pipes: keys that are really
pressed, and screens of any width."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowRight": 39, "ArrowDown": 40}


class Browser:
    """One page. Commands are those of the Chrome DevTools Protocol; the pipes take JSON with a NUL
    behind each message."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read, self._rest = write, read, b""
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.asked: list[str] = []
        self.errors: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self._call(f"{domain}.enable")

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            self._note(answer)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._read, 1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        text, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(text))

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Network.requestWillBeSent":
            self.asked.append(event["params"]["request"]["url"])
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(event["params"]["exceptionDetails"]))

    def open(self, page: Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Show a file on a screen of that size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Page.navigate", url=page.as_uri())
        while self._next_event() != "Page.loadEventFired":
            pass

    def _next_event(self) -> str:
        event = self._next()
        self._note(event)
        return str(event.get("method"))

    def value(self, script: str) -> Any:
        """What an expression gives in the page, after the next frame is drawn."""
        frame = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
        words = {"returnByValue": True, "awaitPromise": True}
        found = self._call(
            "Runtime.evaluate", expression=f"{frame}.then(() => ({script}))", **words
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            event = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
            text = {"text": "\r"} if key == "Enter" else {}
            self._call("Input.dispatchKeyEvent", type="keyDown", **event, **text)
            self._call("Input.dispatchKeyEvent", type="keyUp", **event)

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """A picture of the page, for people."""
        found = self._call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))


@contextlib.contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """A browser that keeps what it writes in a folder."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs chromium")
    theirs, ours = os.pipe()
    answers, their_answers = os.pipe()
    words = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/browser")
    # The protocol's pipes are the descriptors 3 and 4.
    shell = f'exec "$@" 3<&{theirs} 4>&{their_answers}'
    argv = ("bash", "-c", shell, "bash", chromium, *words, "--remote-debugging-pipe", "about:blank")
    process = subprocess.Popen(
        argv, pass_fds=(theirs, their_answers), stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.close(theirs)
    os.close(their_answers)
    try:
        yield Browser(ours, answers)
    finally:
        os.close(ours)
        os.close(answers)
        process.kill()
        process.wait()
