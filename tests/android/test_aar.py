from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from buildtool.core.errors import BuildError, ConfigError
from buildtool.core.run import Command, run
from buildtool.platforms.android import PLATFORM
from buildtool.products.aar.aar_check import check_aar
from buildtool.products.aar.aar_file import AarContent, write_aar
from buildtool.products.aar.maven import Coordinates, write_repository
from buildtool.tools.android.ndk_support import system_libraries
from buildtool.verify.loadable import LibraryWanted
from tests.limits import HANG

ABIS = PLATFORM.abis
SYSTEM = system_libraries()
WANTED = {
    "libjsc.so": LibraryWanted(
        soname="libjsc.so",
        level=21,
        system=SYSTEM,
        symbols=("JSEvaluateScript",),
        packed=("libc++_shared.so",),
    )
}
COORDINATES = Coordinates(group="org.example.tf", artifact="selective-model", version="1.0")
POM = "{http://maven.apache.org/POM/4.0.0}"


@pytest.fixture
def content(libraries: Path) -> AarContent:
    return AarContent(
        package="org.example.model",
        level=21,
        libraries={abi: (libraries / abi / "libjsc.so",) for abi in ABIS},
        classes=libraries.parent / "classes.jar",
        kept=("org.tensorflow",),
        licences={"TensorFlow.txt": "Apache"},
    )


@pytest.mark.network
def test_an_aar_has_the_layout_and_passes_its_check(content: AarContent, tmp_path: Path) -> None:
    path = tmp_path / "x.aar"
    assert write_aar(path, content)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "AndroidManifest.xml",
            "META-INF/licences/TensorFlow.txt",
            "R.txt",
            "classes.jar",
            "jni/arm64-v8a/libjsc.so",
            "jni/armeabi-v7a/libjsc.so",
            "jni/x86/libjsc.so",
            "jni/x86_64/libjsc.so",
            "proguard.txt",
        ]
        library = content.libraries["x86"][0]
        assert archive.read("jni/x86/libjsc.so") == library.read_bytes()
        assert b"-keep class org.tensorflow.** { *; }" in archive.read("proguard.txt")
    report = check_aar(path, ABIS, WANTED)
    assert report.problems == ()
    assert (report.package, report.level, report.classes) == ("org.example.model", 21, 1)
    assert len(report.libraries) == 4
    assert report.size == path.stat().st_size


@pytest.mark.network
def test_an_aar_that_others_made_passes_too(real_aar: Path) -> None:
    report = check_aar(real_aar, ABIS, WANTED)
    assert report.problems == ()
    assert (report.package, report.level) == ("org.webkit.androidjsc", 16)


@pytest.mark.network
def test_equal_content_gives_equal_bytes(content: AarContent, tmp_path: Path) -> None:
    write_aar(tmp_path / "a.aar", content)
    copied = {}
    for abi, (path,) in reversed(list(content.libraries.items())):
        other = tmp_path / abi / path.name
        other.parent.mkdir()
        shutil.copy(path, other)
        other.chmod(0o600)
        os.utime(other, (1e9, 1e9))
        copied[abi] = (other,)
    write_aar(tmp_path / "b.aar", dataclasses.replace(content, libraries=copied))
    assert (tmp_path / "a.aar").read_bytes() == (tmp_path / "b.aar").read_bytes()
    assert not write_aar(tmp_path / "a.aar", content)


@pytest.mark.network
def test_what_is_wrong_inside_is_found(content: AarContent, tmp_path: Path) -> None:
    """Each fault is put into an AAR by hand, as a broken build might."""
    library = content.libraries["x86"][0].read_bytes()
    path = tmp_path / "bad.aar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("AndroidManifest.xml", "<manifest>")
        archive.writestr("classes.jar", "no")
        archive.writestr("jni/arm64-v8a/libjsc.so", library)
        archive.writestr("lib/x86/libjsc.so", library)
        archive.writestr("jni/mips/libjsc.so", library)
        archive.writestr("../up", "")
    abis = {name: ABIS[name] for name in ("arm64-v8a", "x86")}
    found = [each.what for each in check_aar(path, abis, WANTED).problems]
    assert found == [
        "its AndroidManifest.xml is not XML: no element found: line 1, column 10",
        "its classes.jar is not a JAR: File is not a zip file",
        "has no R.txt",
        "holds lib/x86/libjsc.so, which is not where Android looks: jni/<abi>/",
        "holds jni/mips/libjsc.so, of an ABI that it is not for",
        "holds ../up, which leaves the folder that it is unpacked to",
        "has no jni/x86/libjsc.so",
        "is for x86 (32 bits), not for aarch64 (64 bits)",
    ]


@pytest.mark.network
def test_a_damaged_aar_is_called_so(content: AarContent, tmp_path: Path) -> None:
    path = tmp_path / "x.aar"
    write_aar(path, content)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "is damaged" in check_aar(path, ABIS, WANTED).problems[0].what
    path.write_bytes(data.replace(data[500_000:500_008], b"\0" * 8))
    assert "is damaged" in check_aar(path, ABIS, WANTED).problems[0].what


def test_content_that_makes_no_aar(tmp_path: Path) -> None:
    (tmp_path / "libx.so").touch()
    (tmp_path / "model").touch()
    (tmp_path / "no.jar").touch()
    content = AarContent(
        package="model",
        level=21,
        libraries={
            "x86": (tmp_path / "libx.so",),
            "arm64-v8a": (tmp_path / "model", tmp_path / "libgone.so"),
        },
        classes=tmp_path / "no.jar",
    )
    with pytest.raises(BuildError) as failure:
        write_aar(tmp_path / "x.aar", content)
    assert [each.what for each in failure.value.problems] == [
        "'model' is not a Java package with a dot",
        "model has a name that Android does not unpack",
        f"{tmp_path}/libgone.so is not there",
        "lacks libx.so, which other ABIs have",
        "lacks libgone.so, model, which other ABIs have",
        "is not a JAR",
    ]
    assert not (tmp_path / "x.aar").exists()
    empty = dataclasses.replace(content, package="a.b", libraries={"x86": ()}, classes=None)
    with pytest.raises(BuildError, match="there is no native library for it"):
        write_aar(tmp_path / "x.aar", empty)


def test_a_repository_has_mavens_layout(tmp_path: Path) -> None:
    aar = tmp_path / "x.aar"
    aar.write_bytes(b"aar")
    pom = write_repository(tmp_path / "maven", COORDINATES, aar, description="for <my> & models")
    home = tmp_path / "maven/org/example/tf/selective-model"
    assert pom == home / "1.0/selective-model-1.0.pom"
    root = ElementTree.fromstring(pom.read_text())  # noqa: S314
    said = {each.tag.removeprefix(POM): each.text for each in root}
    assert said["packaging"] == "aar"
    assert said["description"] == "for <my> & models"
    assert (home / "1.0/selective-model-1.0.aar").read_bytes() == b"aar"
    digest = hashlib.sha1(b"aar", usedforsecurity=False).hexdigest()
    assert (home / "1.0/selective-model-1.0.aar.sha1").read_text() == digest
    write_repository(
        tmp_path / "maven", dataclasses.replace(COORDINATES, version="1.1"), aar, description=""
    )
    metadata = ElementTree.parse(home / "maven-metadata.xml")  # noqa: S314
    assert [each.text for each in metadata.iter("version")] == ["1.0", "1.1"]


def test_coordinates_that_leave_the_repository(tmp_path: Path) -> None:
    bad = Coordinates(group="a..b", artifact="../x", version="")
    with pytest.raises(ConfigError) as failure:
        write_repository(tmp_path, bad, tmp_path / "x.aar", description="")
    assert [each.where for each in failure.value.problems] == [
        "Maven group", "Maven artifact", "Maven version",
    ]  # fmt: skip


IVY = Path("/usr/share/java/ivy.jar")
SETTINGS = """<ivysettings>
  <settings defaultResolver="own"/>
  <caches defaultCacheDir="{folder}/cache"/>
  <resolvers>
    <ibiblio name="own" m2compatible="true" checksums="sha1" root="{root}/"/>
  </resolvers>
</ivysettings>
"""


@pytest.mark.skipif(
    not IVY.is_file() or shutil.which("java") is None, reason="needs Java and Debian's ivy"
)
@pytest.mark.parametrize("spoilt", [False, True])
def test_a_client_of_maven_repositories_gets_the_aar(tmp_path: Path, spoilt: bool) -> None:
    """Apache Ivy reads the POM, checks the checksums and takes the artifact."""
    aar = tmp_path / "x.aar"
    aar.write_bytes(b"aar")
    pom = write_repository(tmp_path / "maven", COORDINATES, aar, description="a model")
    if spoilt:
        pom.with_suffix(".aar").write_bytes(b"AAR")
    root = (tmp_path / "maven").as_uri()
    settings = tmp_path / "settings.xml"
    settings.write_text(SETTINGS.format(folder=tmp_path, root=root))
    words = ("-dependency", *vars(COORDINATES).values(), "-types", "aar")
    out = str(tmp_path / "out/[artifact]-[revision].[ext]")
    argv = ("java", "-jar", str(IVY), "-settings", str(settings), *words, "-retrieve", out)
    done = run(Command(argv=argv, cwd=tmp_path), what="ivy", check=False, timeout=HANG)
    found = tmp_path / "out/selective-model-1.0.aar"
    assert found.is_file() != spoilt, done.stdout
    assert ("invalid sha1" in done.stdout) == spoilt
