from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from buildtool.core.errors import DownloadError
from buildtool.sources import Progress
from buildtool.sources.unpack import unpack
from buildtool.sources.wanted_files import Selection

ALL = Selection()


def run(archive: Path, folder: Path, selection: Selection = ALL) -> int:
    return unpack(archive, folder, selection, label="lib", progress=Progress())


def member(
    name: str,
    kind: bytes = tarfile.REGTYPE,
    target: str = "",
    mode: int = 0o644,
    pax: Mapping[str, str] = MappingProxyType({}),
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.pax_headers = dict(pax)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


BAD_TARS = [
    ([member("/etc/evil")], "absolute path, '/etc/evil'"),
    ([member("a/../../evil")], "climbs out with '..', 'a/../../evil'"),
    ([member("dev", tarfile.CHRTYPE)], "device or of an unknown type, 'dev'"),
    ([member("fifo", tarfile.FIFOTYPE)], "pipe, 'fifo'"),
    ([member("a"), member("hard", tarfile.LNKTYPE, "a")], "hard link, 'hard'"),
    ([member("su", mode=0o4755)], "setuid or setgid bit, 'su'"),
    ([member("sg", mode=0o2755)], "setuid or setgid bit, 'sg'"),
    ([member("a"), member("./a")], "holds './a' twice"),
    ([member("a"), member("a/b")], "has 'a/b' below a file"),
    ([member("out", tarfile.SYMTYPE, "..")], "link 'out' that leads out of it, to '..'"),
    ([member("out", tarfile.SYMTYPE, "/etc/passwd")], "link 'out' that leads out of it"),
    ([member("d", tarfile.SYMTYPE, "/tmp"), member("d/evil")], "'d/evil' below a link"),  # noqa: S108
    ([member("/".join("a" * 200))], "has a member in 199 folders, 'a/a"),
    ([member(f"l{n}", tarfile.SYMTYPE, f"l{n + 1}") for n in range(2000)], "recursion depth"),
    ([member("x", pax={"path": "a\0b"})], "embedded null"),
    (
        [member("dot", tarfile.SYMTYPE, "."), member("via", tarfile.SYMTYPE, "dot/../../x")],
        "link 'via' that leads out of it, to 'dot/../../x'",
    ),
]


@pytest.mark.parametrize(("members", "message"), BAD_TARS)
def test_refuses_a_bad_tar_and_names_the_member(
    tmp_path: Path, packed: Callable[..., bytes], members: list[tarfile.TarInfo], message: str
) -> None:
    archive = tmp_path / "inner" / "bad.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(packed({}, *members))
    with pytest.raises(DownloadError) as caught:
        run(archive, tmp_path / "inner" / "out")
    assert message in str(caught.value)
    assert str(archive) in str(caught.value)
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "inner" / "evil").exists()


def zipped(path: Path, *entries: tuple[str, int, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, mode, content in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            file.writestr(info, content)
    return path


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (("/etc/evil", 0o644, b""), "absolute path"),
        (("../evil", 0o644, b""), "climbs out with '..'"),
        (("out", stat.S_IFLNK | 0o777, b"../evil"), "link 'out' that leads out of it"),
        (("su", stat.S_IFREG | 0o4755, b""), "setuid"),
        (("dev", stat.S_IFCHR | 0o644, b""), "device, 'dev'"),
        (("ok", 0o644, b"again"), "holds 'ok' twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_refuses_a_bad_zip(tmp_path: Path, entry: tuple[str, int, bytes], message: str) -> None:
    archive = zipped(tmp_path / "bad.whl", ("ok", 0o644, b"fine"), entry)
    with pytest.raises(DownloadError, match=message.replace("..", r"\.\.")):
        run(archive, tmp_path / "out")


def test_unpacks_what_is_selected(tmp_path: Path, packed: Callable[..., bytes]) -> None:
    archive = tmp_path / "a.tar.gz"
    content = {"top/lib/a.h": b"a", "top/lib/sub/b.h": b"b", "top/lib/c.cc": b"c", "top/d.h": b"d"}
    links = [member("top/lib/sub/to.h", tarfile.SYMTYPE, "../a.h")]
    archive.write_bytes(packed(content, *links, member("top/lib/run.h", mode=0o755)))
    selection = Selection(strip=1, subdir="lib", include=("**/*.h",))
    assert run(archive, tmp_path / "out", selection) == 4
    found = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")
    )
    assert found == ["a.h", "run.h", "sub", "sub/b.h", "sub/to.h"]
    assert (tmp_path / "out/sub/to.h").read_bytes() == b"a"
    modes = {
        name: stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in ("a.h", "run.h")
    }
    assert modes["a.h"] & 0o333 == 0
    assert modes["run.h"] & stat.S_IXUSR


def test_a_wheel_unpacks_as_a_tar_does(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.whl", ("top/", stat.S_IFDIR, b""), ("top/a.h", 0o644, b"a"))
    assert run(archive, tmp_path / "out", Selection(strip=1)) == 1
    assert (tmp_path / "out/a.h").read_bytes() == b"a"


def test_a_folder_is_taken_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/sub/a.h").write_bytes(b"a")
    (tmp_path / "in/to").symlink_to("sub")
    assert run(tmp_path / "in", tmp_path / "out") == 2
    assert (tmp_path / "out/to/a.h").read_bytes() == b"a"


def test_a_pipe_in_a_folder_is_refused_not_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in/pipe")
    with pytest.raises(DownloadError, match="device, 'pipe'"):
        run(tmp_path / "in", tmp_path / "out")


def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, packed: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "bomb.tar.gz"
    archive.write_bytes(packed({"zeros": b"\0" * 5000}))
    monkeypatch.setattr("buildtool.sources.unpack.MOST_BYTES", 4096)
    with pytest.raises(DownloadError, match="unpacks to more than"):
        run(archive, tmp_path / "out")


@pytest.mark.parametrize("keep", [0, 3, 200, -100])
def test_a_cut_or_empty_archive_is_said_to_be_damaged(
    tmp_path: Path, packed: Callable[..., bytes], keep: int
) -> None:
    archive = tmp_path / "cut.tar.gz"
    archive.write_bytes(packed({"a": os.urandom(5000)})[:keep])
    with pytest.raises(
        DownloadError, match=r"cut\.tar\.gz: cannot be read, or is damaged or cut off"
    ):
        run(archive, tmp_path / "out")


def test_a_bad_checksum_in_a_zip_is_damage(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "bad.zip", ("a", 0o644, b"content"))
    archive.write_bytes(archive.read_bytes().replace(b"content", b"CONTENT"))
    with pytest.raises(DownloadError, match="damaged or cut off"):
        run(archive, tmp_path / "out")


def test_text_is_no_archive(tmp_path: Path) -> None:
    archive = tmp_path / "page.html"
    archive.write_bytes(b"<html>" * 500)
    with pytest.raises(DownloadError, match="cannot be read"):
        run(archive, tmp_path / "out")


def test_xz_and_bzip2_are_read(tmp_path: Path) -> None:
    for mode in ("w:xz", "w:bz2"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode) as tar:
            tar.addfile(member("a"))
        archive = tmp_path / mode[2:]
        archive.write_bytes(buffer.getvalue())
        assert run(archive, tmp_path / f"out-{mode[2:]}") == 1
