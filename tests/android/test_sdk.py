from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import ToolError
from buildtool.core.plain_paths import make_absolute
from buildtool.platforms.android import PLATFORM
from buildtool.tools.android.android_sdk import (
    VARIABLES,
    NamedFolder,
    Sdk,
    find_sdk,
    read_sdk,
)
from buildtool.tools.android.compatibility import KitRequest, find_kit
from buildtool.tools.android.ndk import Ndk, find_ndk, read_ndk
from buildtool.tools.android.ndk_support import tensorflow_revisions

ABIS = PLATFORM.abis
DEBIAN = Path("/usr/lib/android-sdk")


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """An SDK with two platforms and two build-tools."""
    root = tmp_path / "sdk"
    for level in (23, 28):
        (root / f"platforms/android-{level}").mkdir(parents=True)
        (root / f"platforms/android-{level}/android.jar").touch()
    (root / "platforms/android-30").mkdir()  # a download that never ended
    for version in ("9.0.0", "28.0.3"):
        (root / f"build-tools/{version}").mkdir(parents=True)
        properties = root / f"build-tools/{version}/source.properties"
        properties.write_text(f"Pkg.Revision={version}\n")
    return root


@pytest.fixture
def make_ndk(tmp_path: Path) -> Callable[..., Path]:
    def make(revision: str, *levels: int, place: Path | None = None) -> Path:
        root = place or tmp_path / f"ndk {revision}"
        root.mkdir(parents=True)
        for level in levels:
            (root / f"platforms/android-{level}").mkdir(parents=True)
        text = f"Pkg.Desc = Android NDK\nPkg.Revision = {revision}\n"
        (root / "source.properties").write_text(text)
        return root

    return make


def sdk_of(root: Path) -> Sdk:
    return read_sdk(NamedFolder(root=root, by="sdk"))


def ndk_of(root: Path) -> Ndk:
    return read_ndk(NamedFolder(root=root, by="ndk"))


def tree(folder: Path, supported: str = "[10, 11, 12, 13, 14, 15]") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "configure.py").write_text(
        f"import os\n_SUPPORTED_ANDROID_NDK_VERSIONS = {supported}\n"
    )
    return folder


def said(failure: pytest.ExceptionInfo[ToolError]) -> str:
    return str(failure.value)


def test_platforms_and_build_tools_are_read(sdk: Path) -> None:
    found = sdk_of(sdk)
    assert list(found.platforms) == [23, 28]
    assert list(found.build_tools) == ["9.0.0", "28.0.3"]  # by number, not by letter


def test_the_target_goes_before_the_environment_and_variables_have_an_order(
    sdk: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "platforms").mkdir(parents=True)
    env = {"ANDROID_SDK_ROOT": str(other), "ANDROID_HOME": str(sdk)}
    assert find_sdk(env=env).root == sdk
    assert find_sdk(other, env=env).root == other
    assert find_sdk(env={"ANDROID_HOME": " ", "ANDROID_SDK_ROOT": str(other)}).named.by == (
        "ANDROID_SDK_ROOT"
    )


def test_relative_folders_count_from_where_the_user_stands(tmp_path: Path) -> None:
    env = {"ANDROID_HOME": "../an SDK", "ANDROID_NDK_HOME": "/ndk", "ANDROID_SDK_ROOT": " "}
    make_absolute(env, (*VARIABLES, "ANDROID_NDK_HOME"), tmp_path)
    assert env == {
        "ANDROID_HOME": f"{tmp_path}/../an SDK",
        "ANDROID_NDK_HOME": "/ndk",
        "ANDROID_SDK_ROOT": " ",
    }


def test_debians_build_tools_behind_a_link_count_once(tmp_path: Path) -> None:
    tools = tmp_path / "build-tools"
    (tools / "debian").mkdir(parents=True)
    (tools / "debian/source.properties").write_text("Pkg.UserSrc=false\nPkg.Revision=29.0.3\n")
    (tools / "29.0.3").symlink_to("debian")
    found = sdk_of(tmp_path)
    assert list(found.build_tools) == ["29.0.3"]
    assert found.build_tools["29.0.3"].revision == "29.0.3"
    assert found.odd_tools == ()


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's android-sdk-build-tools")
def test_debians_own_sdk_is_read() -> None:
    found = sdk_of(DEBIAN)
    assert {each.revision for each in found.build_tools.values()} == set(found.build_tools)
    assert found.build_tools


def test_build_tools_that_bazel_would_not_find_are_explained(
    tmp_path: Path, make_ndk: Callable[..., Path]
) -> None:
    tools = tmp_path / "sdk/build-tools/debian"
    tools.mkdir(parents=True)
    (tools / "source.properties").write_text("Pkg.Revision=29.0.3\n")
    (tmp_path / "sdk/platforms/android-28").mkdir(parents=True)
    (tmp_path / "sdk/platforms/android-28/android.jar").touch()
    with pytest.raises(ToolError) as failure:
        find_kit(
            KitRequest(sdk=tmp_path / "sdk", ndk=make_ndk("14.1.1", 21)),
            abis=ABIS.values(),
            tree=tree(tmp_path / "tf"),
            tensorflow="1.8.0",
            bazel="0.17.2",
            env={},
        )
    assert f"ln -s debian {tmp_path}/sdk/build-tools/29.0.3" in said(failure)
    assert len(failure.value.problems) == 1


@pytest.mark.parametrize(
    ("file", "text", "revision", "major"),
    [
        (
            "source.properties",
            "Pkg.Desc = Android NDK\nPkg.Revision = 21.4.7075529\n",
            "21.4.7075529",
            21,
        ),
        ("source.properties", "Pkg.Revision=14.1.3816874", "14.1.3816874", 14),
        ("RELEASE.TXT", "r10e-rc4 (64-bit)\n", "r10e", 10),
        ("RELEASE.TXT", "r9d\n", "r9d", 9),
    ],
)
def test_the_revision_is_read(
    tmp_path: Path, file: str, text: str, revision: str, major: int
) -> None:
    (tmp_path / file).write_text(text)
    found = ndk_of(tmp_path)
    assert (found.revision, found.major) == (revision, major)


def test_an_ndk_that_does_not_say_its_revision(tmp_path: Path) -> None:
    (tmp_path / "source.properties").write_text("Pkg.Desc = Android NDK\n")
    with pytest.raises(ToolError, match="does not say which revision"):
        ndk_of(tmp_path)


def test_levels_come_from_platforms_or_from_meta(make_ndk: Callable[..., Path]) -> None:
    assert ndk_of(make_ndk("14.1.1", 24, 9, 21)).levels == (9, 21, 24)
    new = make_ndk("25.2.9519653")
    (new / "meta").mkdir()
    (new / "meta/platforms.json").write_text('{"min": 19, "max": 33, "aliases": {"20": 19}}')
    assert ndk_of(new).levels == tuple(range(19, 34))
    (new / "meta/platforms.json").write_text("[")
    assert ndk_of(new).levels == ()


def test_the_newest_ndk_of_the_sdk_is_taken(sdk: Path, make_ndk: Callable[..., Path]) -> None:
    make_ndk("14.1.1", place=sdk / "ndk-bundle")
    assert find_ndk(sdk=sdk_of(sdk), env={}).revision == "14.1.1"
    for revision in ("9.1.1", "21.4.7075529"):
        make_ndk(revision, place=sdk / "ndk" / revision)
    assert find_ndk(sdk=sdk_of(sdk), env={}).revision == "21.4.7075529"
    other = make_ndk("18.1.1")
    assert find_ndk(sdk=sdk_of(sdk), env={"ANDROID_NDK_ROOT": str(other)}).major == 18


def test_nothing_there_says_both_and_which_variables_mend_it(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as failure:
        find_kit(
            KitRequest(),
            abis=ABIS.values(),
            tree=tree(tmp_path / "tf"),
            tensorflow="1.8.0",
            bazel="0.17.2",
            env={"ANDROID_HOME": ""},
        )
    assert [each.where for each in failure.value.problems] == ["Android SDK", "Android NDK"]
    assert "set ANDROID_HOME to its folder" in said(failure)
    assert "set ANDROID_NDK_HOME to its folder" in said(failure)


def test_a_variable_that_names_something_else(tmp_path: Path) -> None:
    with pytest.raises(
        ToolError, match=r"ANDROID_HOME=.*: is not an Android SDK: it holds neither"
    ):
        find_sdk(env={"ANDROID_HOME": str(tmp_path)})
    with pytest.raises(ToolError, match=r"ANDROID_NDK_HOME=.*/no: is not a folder"):
        find_ndk(env={"ANDROID_NDK_HOME": str(tmp_path / "no")})


def test_who_has_named_a_folder_is_said_with_file_and_line(
    sdk: Path, tmp_path: Path, make_ndk: Callable[..., Path]
) -> None:
    facts = {"tree": tree(tmp_path / "tf"), "tensorflow": "1.8.0", "bazel": "0.17.2", "env": {}}
    where = {"sdk": "W:3", "ndk": "targets/x.yaml:7"}
    with pytest.raises(ToolError) as failure:
        find_kit(KitRequest(sdk=tmp_path, ndk=tmp_path, where=where), abis=(), **facts)  # type: ignore[arg-type]
    first, second = failure.value.problems
    assert str(first).startswith(f"W:3: sdk={tmp_path}: is not an Android SDK")
    assert first.todo == "set sdk in W:3 to the SDK's own folder"
    assert str(second).startswith(f"targets/x.yaml:7: ndk={tmp_path}: is not an NDK")
    assert second.todo == "set ndk in targets/x.yaml:7 to the folder of an unpacked NDK"
    new = make_ndk("18.1.1", 21)
    with pytest.raises(ToolError) as failure:
        find_kit(KitRequest(sdk=sdk, ndk=new, where=where), abis=(), **facts)  # type: ignore[arg-type]
    assert f"targets/x.yaml:7: ndk={new}: NDK 18.1.1 (source.properties) is not" in said(failure)
    assert "set ndk in targets/x.yaml:7 to an NDK that both can use" in said(failure)


def test_everything_that_is_wrong_is_said_at_once(
    sdk: Path, tmp_path: Path, make_ndk: Callable[..., Path]
) -> None:
    asked = KitRequest(
        sdk=sdk,
        ndk=make_ndk("18.1.5063045", 16, 21),
        api_level=19,
        sdk_level=30,
        build_tools_version="28.0.2",
        where={"api_level": "targets/x.yaml:4"},
    )
    with pytest.raises(ToolError) as failure:
        find_kit(
            asked,
            abis=ABIS.values(),
            tree=tree(tmp_path / "tf"),
            tensorflow="1.8.0",
            bazel="0.17.2",
        )
    text = said(failure)
    assert len(failure.value.problems) == 4
    assert f"platform 30 is not installed in {sdk}; it has 23, 28" in text
    assert "build-tools 28.0.2 are not installed" in text
    assert "set build_tools_version: 28.0.3, or" in text
    assert "NDK 18.1.5063045 (source.properties) is not known to Bazel 0.17.2" in text
    assert "would take it for r17" in text
    assert "an NDK that both can use: r10 to r15" in text
    assert (
        "targets/x.yaml:4: api_level: NDK 18.1.5063045 has no API level 19; it has 16, 21" in text
    )
    assert "set api_level: 16" in text


def test_the_trees_own_list_counts(
    sdk: Path, tmp_path: Path, make_ndk: Callable[..., Path]
) -> None:
    with pytest.raises(ToolError) as failure:
        find_kit(
            KitRequest(sdk=sdk, ndk=make_ndk("16.1.1", 21)),
            abis=ABIS.values(),
            tree=tree(tmp_path / "tf"),
            tensorflow="1.8.0",
            bazel="0.17.2",
        )
    assert f"which is for r10 to r15 ({tmp_path}/tf/configure.py:2)" in said(failure)


def test_a_list_over_several_lines_is_read(tmp_path: Path) -> None:
    found = tensorflow_revisions(tree(tmp_path / "tf", "[\n    19, 20, 21\n]"), "2.14.1")
    assert found.revisions == (19, 20, 21)


def test_a_revision_as_level_is_recognised(
    sdk: Path, tmp_path: Path, make_ndk: Callable[..., Path]
) -> None:
    with pytest.raises(ToolError, match="13 is the NDK's revision; api_level is Android's"):
        find_kit(
            KitRequest(sdk=sdk, ndk=make_ndk("13.1.1", 21), api_level=13),
            abis=ABIS.values(),
            tree=tree(tmp_path / "tf"),
            tensorflow="1.8.0",
            bazel="0.17.2",
        )


def test_64_bit_abis_need_level_21(
    sdk: Path, tmp_path: Path, make_ndk: Callable[..., Path]
) -> None:
    asked = KitRequest(sdk=sdk, ndk=make_ndk("14.1.1", 19, 21), api_level=19)
    facts = {"tree": tree(tmp_path / "tf"), "tensorflow": "1.8.0", "bazel": "0.17.2"}
    with pytest.raises(ToolError, match="arm64-v8a and x86_64 exist since API level 21"):
        find_kit(asked, abis=ABIS.values(), **facts)  # type: ignore[arg-type]
    kit = find_kit(asked, abis=[ABIS["armeabi-v7a"]], **facts)  # type: ignore[arg-type]
    assert (kit.api_level, kit.sdk_level, kit.build_tools_version) == (19, 28, "28.0.3")


@pytest.mark.parametrize(
    "case",
    [
        ("0.26.1", "18.1.1", ""),
        ("0.26.1", "19.2.1", "is not known to Bazel 0.26.1"),
        ("2.1.0", "20.1.1", ""),
        ("6.1.0", "21.4.1", ""),
        ("6.1.0", "25.2.1", "(Bazel 7.4.0 and newer can read this one)"),
        ("7.7.1", "25.2.1", "starlark"),
        ("7.7.1", "21.4.1", ""),
        ("7.7.1", "23.1.1", "is not known to Bazel 7.7.1"),
        ("8.0.0", "21.4.1", "is too old for Bazel 8.0.0"),
        ("8.0.0", "27.0.1", "starlark"),
    ],
)
def test_which_bazel_reads_which_ndk(
    sdk: Path, tmp_path: Path, make_ndk: Callable[..., Path], case: tuple[str, str, str]
) -> None:
    bazel, revision, what = case
    folder = tree(tmp_path / "tf", str(list(range(10, 30))))
    asked = KitRequest(sdk=sdk, ndk=make_ndk(revision, 21))

    def find() -> bool:
        kit = find_kit(asked, abis=ABIS.values(), tree=folder, tensorflow="2.14.1", bazel=bazel)
        return kit.starlark

    if what in {"", "starlark"}:
        assert find() == (what == "starlark")
    else:
        with pytest.raises(ToolError) as failure:
            find()
        assert what in said(failure)
        assert len(failure.value.problems) == 1


def test_bazel_and_tensorflow_that_have_no_ndk_in_common(
    sdk: Path, tmp_path: Path, make_ndk: Callable[..., Path]
) -> None:
    with pytest.raises(ToolError, match="none works with both this Bazel and this TensorFlow"):
        find_kit(
            KitRequest(sdk=sdk, ndk=make_ndk("21.4.1", 21)),
            abis=ABIS.values(),
            tree=tree(tmp_path / "tf", "[19, 20, 21]"),
            tensorflow="2.14.1",
            bazel="0.26.1",
        )
