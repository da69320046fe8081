"""nginx as a shared cache: it takes what is PUT, and gives it back."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from buildtool.core.run import Command, run
from tests.limits import HANG

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


@contextmanager
def web_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """nginx in ``folder``: its address, and its log of requests; skips the test without one."""
    (folder / "store").mkdir(parents=True)
    program = _nginx(folder)
    port = free_port()
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


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _nginx(folder: Path) -> str:
    """Debian's nginx, unpacked but not installed: its package would start a server for all."""
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt-get, to fetch nginx")
    words = ("apt-get", "-o", "APT::Sandbox::User=root", "download", "nginx")
    done = run(Command(argv=words, cwd=folder), what="fetching nginx", check=False, timeout=HANG)
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
