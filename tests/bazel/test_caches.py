"""What one build made, another takes from a cache: on the disk, or behind a web server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildtool.bazel.flags import flags
from buildtool.run import Command, run
from tests.bazel.conftest import Bazel

pytestmark = [pytest.mark.network, pytest.mark.build]

BUILD = """
cc_library(name = "a", srcs = ["a.cc"])
cc_binary(name = "m", srcs = ["m.cc"], deps = [":a"])
"""
NGINX = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/unused;
  fastcgi_temp_path {folder}/unused;
  uwsgi_temp_path {folder}/unused;
  scgi_temp_path {folder}/unused;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/store;
    location / {{
      dav_methods PUT;
      create_full_put_path on;
    }}
  }}
}}
"""


def workspace(folder: Path) -> Path:
    folder.mkdir()
    (folder / "WORKSPACE").touch()
    (folder / "BUILD").write_text(BUILD)
    (folder / "a.cc").write_text("int a() { return 1; }\n")
    (folder / "m.cc").write_text("int a();\nint main() { return a() - 1; }\n")
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """nginx as a cache: its address, and its log of requests."""
    program = _nginx(tmp_path)
    folder = tmp_path / "nginx"
    (folder / "store").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # As root, its workers would be of another user, who may not enter our folder.
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "conf").write_text(NGINX.format(folder=folder, port=port, user=user))
    with subprocess.Popen(
        [program, "-p", folder, "-e", folder / "error.log", "-c", folder / "conf"]
    ) as process:
        try:
            _wait(port, process)
            yield f"http://127.0.0.1:{port}/cache", folder / "access.log"
        finally:
            process.terminate()


def _nginx(folder: Path) -> str:
    """Debian's nginx, unpacked but not installed: its package would start a server for all."""
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt-get, to fetch nginx")
    words = ("apt-get", "-o", "APT::Sandbox::User=root", "download", "nginx")
    done = run(Command(argv=words, cwd=folder), what="fetching nginx", check=False, timeout=300)
    packages = list(folder.glob("nginx_*.deb"))
    if not packages:
        pytest.skip(f"needs nginx, which apt-get cannot fetch: {done.stderr}")
    run(Command(argv=("dpkg", "-x", str(packages[0]), str(folder / "root"))), what="unpacking it")
    return str(folder / "root/usr/sbin/nginx")


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "nginx ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx does not listen")


def processes(bazel: Bazel, folder: Path, *words: str) -> dict[str, int]:
    """Build, and return how many processes ran where."""
    done = bazel(folder, "build", *words, "//:m")
    assert done.returncode == 0, done.stderr
    line = re.findall(r"^INFO: \d+ process(?:es)?: (.*)\.$", done.stderr, re.MULTILINE)
    return {kind: int(count) for count, kind in re.findall(r"(\d+) ([a-z -]+)", line[-1])}


def test_a_folder_as_cache(bazel: Bazel, tmp_path: Path) -> None:
    words = flags(bazel.version, {"disk_cache": str(tmp_path / "cache")})
    first = processes(bazel, workspace(tmp_path / "one"), *words)
    assert "remote cache hit" not in first
    second = processes(bazel, workspace(tmp_path / "two"), *words)
    assert second == {"remote cache hit": sum(first.values())}


def test_a_web_server_as_cache(bazel: Bazel, tmp_path: Path, server: tuple[str, Path]) -> None:
    address, log = server
    words = flags(bazel.version, {"http_cache": address})
    first = processes(bazel, workspace(tmp_path / "one"), *words)
    assert "remote cache hit" not in first
    assert '"PUT /cache/ac/' in log.read_text()
    second = processes(bazel, workspace(tmp_path / "two"), *words)
    assert second == {"remote cache hit": sum(first.values())}
