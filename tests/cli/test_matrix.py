"""What continuous integration is told of targets, and the files for it, whose commands are run."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from buildtool.workflow.matrix_step import GITLAB, NO_TOOLCHAIN, MatrixEntry
from tests.answers.test_comparing import OLD, newer
from tests.conftest import PROJECT, Project

FILES = PROJECT / "docs" / "ci"
GITHUB, ANDROID = FILES / "github.yml", FILES / "github-android.yml"
GITLAB_PARENT, GITLAB_CHILD = FILES / "gitlab.yml", FILES / "gitlab-build.yml"
TARGET = "extends: linux\ndescription: {text}\noptimise: {{level: {level}}}\n"


def entries(project: Project, target: str = "", code: int = 0, **env: str) -> dict[str, Any]:
    """The targets by name, as ``matrix`` writes them."""
    project.doit(f"matrix:{target}" if target else "matrix", code=code, env=env)
    folder = project.root / "build" / target / "matrix"
    values = json.loads((folder / "targets.json").read_text("utf-8"))["targets"]
    github = json.loads((folder / "github.json").read_text("utf-8"))
    assert github == {"include": values}
    return {value["target"]: value for value in values}


def test_all_targets_and_what_each_needs(project: Project) -> None:
    for path in (project.root / "targets").glob("*.yaml"):
        if path.stem not in ("pi", "linux", "linux-java", "ios", "android", "pi-makefile"):
            path.unlink()
    said = project.doit("matrix", env={"PATH": "/nowhere"}).out
    assert "left out: pi-makefile: " in said
    assert "no compilers here for android, ios, linux, linux-java, pi: " in said
    folder = project.root / "build" / "matrix"
    found = {
        each["target"]: each
        for each in json.loads((folder / "targets.json").read_text("utf-8"))["targets"]
    }
    assert set(found) == {"pi", "linux", "linux-java", "ios", "android"}  # and no slices
    assert found["ios"]["parts"].split()[0] == "ios-arm64"
    assert found["pi"]["parts"] == "pi"
    assert {each["compilers"] for each in found.values()} == {NO_TOOLCHAIN}
    assert "default-jdk-headless" in found["linux-java"]["packages"].split()
    assert "ANDROID_NDK_HOME" in found["android"]["variables"].split()
    assert {"g++-arm-linux-gnueabihf", "qemu-user-static", "ccache"} <= set(
        found["pi"]["packages"].split()
    )
    packages = (folder / "packages.txt").read_text("utf-8").split()
    assert packages == sorted(
        {word for each in found.values() for word in each["packages"].split()}
    )
    # They are those that doitw installs, or a test would need.
    doitw = (PROJECT / "doitw").read_text("utf-8")
    assert [name for name in packages if f"need {name} " not in doitw] == []
    job = yaml.safe_load((folder / "gitlab.yml").read_text("utf-8"))["build"]
    assert [row["TARGET"] for row in job["parallel"]["matrix"]] == list(found)
    # GitLab calls a job by all of its values.
    for row in job["parallel"]["matrix"]:
        assert len(f"build: [{', '.join(row.values())}]") < 255


def test_what_decides_the_keys_of_caches(project: Project) -> None:
    project.target("app", TARGET.format(text="one", level="Os"))
    first = entries(project, "app")["app"]
    assert first["compilers"] != NO_TOOLCHAIN
    project.target("app", TARGET.format(text="another description", level="Os"))
    assert entries(project, "app")["app"] == first
    project.target("app", TARGET.format(text="one", level="O2"))
    faster = entries(project, "app")["app"]
    assert {name for name in first if first[name] != faster[name]} == {"state"}
    other = project.root / "models" / "other.pb"
    other.write_bytes(b"another model")
    project.target("app", TARGET.format(text="one", level="O2") + "models: [models/other.pb]\n")
    changed = entries(project, "app")["app"]
    assert {name for name in first if changed[name] != faster[name]} == {"models", "state"}
    project.target("app", TARGET.format(text="one", level="O2") + "compiler: gcc\n")
    compiler = entries(project, "app")["app"]
    assert {name for name in first if compiler[name] != faster[name]} >= {"compilers", "state"}


def test_a_target_that_cannot_be_built_has_no_matrix(project: Project) -> None:
    ended = project.doit("matrix:pi-makefile", code=3)
    assert "is not TensorFlow 1.x" in ended.out + ended.err
    assert not (project.root / "build" / "pi-makefile" / "matrix").exists()


# --------------------------------------------------------------------------------------------
# The files for the services


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", (GITHUB, ANDROID)),
        ("vendor.gitlab-ci", (GITLAB_PARENT, GITLAB_CHILD)),
    ],
)
def test_they_are_what_the_schemas_of_the_services_ask(
    schema: str, files: tuple[Path, ...], tmp_path: Path
) -> None:
    pytest.importorskip("check_jsonschema")
    bad = tmp_path / "bad.yml"
    bad.write_text("build: {script: [ls], jobs: 1}\njobs: {x: {steps: 1}}\n", encoding="utf-8")
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema)
    done = subprocess.run((*command, *files), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert subprocess.run((*command, bad), capture_output=True, check=False).returncode == 1


def test_actionlint_finds_nothing() -> None:
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("needs actionlint")
    done = subprocess.run(
        (actionlint, GITHUB, ANDROID), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_name_only_what_the_matrix_has() -> None:
    known = set(MatrixEntry.__dataclass_fields__)
    assert set(re.findall(r"matrix\.(\w+) ", GITHUB.read_text("utf-8"))) <= known
    assert set(GITLAB) <= known
    child = GITLAB_CHILD.read_text("utf-8")
    used = {name for name in known if f"${name.upper()}" in child}
    assert used == set(GITLAB)


@pytest.mark.parametrize("file", [GITHUB, GITLAB_CHILD], ids=lambda file: file.name)
def test_they_cache_folders_that_the_tool_has(file: Path) -> None:
    named = re.findall(r"\.cache/buildtool/([\w-]+)", file.read_text("utf-8"))
    code = "\n".join(path.read_text("utf-8") for path in (PROJECT / "buildtool").rglob("*.py"))
    assert "archives" in named
    assert "ccache" in named
    assert [name for name in named if f'"{name}"' not in code] == []


@dataclass
class Service:
    """A repository as a service has checked it out: what its jobs run is run; programs of the
    machine that they call are scripts that note their words."""

    project: Project
    calls: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, **env: str) -> str:
        done = subprocess.run(
            ("/bin/bash", "-e", "-o", "pipefail", "-c", script),
            cwd=self.project.root,
            env={**self.project.env, **self.env, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def called(self) -> list[str]:
        found = self.calls.read_text("utf-8").splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return found

    def report(self, values: Mapping[str, Any]) -> None:
        path = self.project.root / "build" / "linux" / "report.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**values, "target": "linux"}), encoding="utf-8")


@pytest.fixture
def service(project: Project, tmp_path: Path) -> Service:
    programs, calls = tmp_path / "programs", tmp_path / "calls"
    programs.mkdir()
    fakes = {
        "sudo": '#!/bin/sh\necho sudo "$@" >> {calls}\n',
        "apt-get": '#!/bin/sh\necho apt-get "$@" >> {calls}\n',
        "gh": '#!/bin/sh\necho gh "$@" >> {calls}\n',
        # It hands out what was uploaded before.
        "curl": '#!/bin/bash\necho curl "$@" >> {calls}\nwhile [ $# -gt 1 ]; do\n'
        '  if [ "$1" = --upload-file ]; then cp "$2" {kept}; fi\n'
        '  if [ "$1" = --output ] && [[ "$2" = reports/* ]]; then cp {kept} "$2"; fi\n'
        "  shift\ndone\n",
    }
    for name, text in fakes.items():
        path = programs / name
        path.write_text(text.format(calls=calls, kept=tmp_path / "kept"), encoding="utf-8")
        path.chmod(0o755)
    for path in (project.root / "targets").glob("*.yaml"):
        if path.stem != "linux":
            path.unlink()
    tool = project.root / ".venv" / "bin" / "buildtool"
    tool.parent.mkdir(parents=True)
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m doit "$@"\n', encoding="utf-8")
    tool.chmod(0o755)
    env = {"PATH": f"{programs}:{project.env['PATH']}"}
    return Service(project=project, calls=calls, env=env)


def steps(job: str) -> dict[str, str]:
    """The scripts of a job of GitHub's workflow, by name."""
    job_steps = yaml.safe_load(GITHUB.read_text("utf-8"))["jobs"][job]["steps"]
    return {step["name"]: step["run"] for step in job_steps if "run" in step and "name" in step}


def test_the_commands_of_github(service: Service, tmp_path: Path) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    service.env |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    service.run(steps("targets")["What each target needs"])
    name, _, text = output.read_text("utf-8").partition("=")
    (entry,) = json.loads(text)["include"]
    assert (name, entry["target"]) == ("matrix", "linux")
    assert service.called[-1].startswith("sudo apt-get install -qq --no-install-recommends ccache")
    words = {"TARGET": entry["target"], "PARTS": entry["parts"], "PACKAGES": entry["packages"]}
    install = steps("build")["Install the tool, compilers and emulators"].splitlines()[-1]
    service.run(install, **words)
    assert service.called[-1].endswith(f"--no-install-recommends {entry['packages']}")
    service.report(OLD)
    change = steps("build")["What changes"]
    service.run(change, **words)
    assert not summary.exists()  # the base branch has left nothing
    service.run(steps("build")["Keep the reports"], **words)
    service.report(newer())
    service.run(change, **words)
    assert "**linux as it is built** against" in summary.read_text("utf-8")
    assert "+900 bytes (stripped)" in summary.read_text("utf-8")
    github = {"GITHUB_REPOSITORY": "o/r", "PULL": "7"}
    service.run(steps("comment")["Post the changes, in the comment of the run before"], **github)
    assert service.called[-1] == "gh api --silent repos/o/r/issues/7/comments -F body=@comment.md"
    comment = (service.project.root / "comment.md").read_text("utf-8")
    assert comment.startswith("<!-- sizes of the libraries -->\n**linux as it is built**")


def test_the_commands_of_gitlab(service: Service) -> None:
    parent = yaml.safe_load(GITLAB_PARENT.read_text("utf-8"))
    service.run("\n".join(parent["targets"]["script"]))
    made = service.project.root / "build" / "matrix" / "gitlab.yml"
    (row,) = yaml.safe_load(made.read_text("utf-8"))["build"]["parallel"]["matrix"]
    job = yaml.safe_load(GITLAB_CHILD.read_text("utf-8"))[".build"]
    words = {**row, "REPORTS": "https://gitlab/r/1", "CI_JOB_TOKEN": "t", "SIZES_TOKEN": "s"}
    words |= {"CI_API_V4_URL": "https://gitlab/api", "CI_PROJECT_ID": "5"}
    service.run("\n".join(job["before_script"][-2:]), **words)
    assert service.called[-1].startswith("apt-get install -qq --no-install-recommends ccache")
    build, *others = job["script"]
    assert build == '.venv/bin/buildtool "build:$TARGET"'
    service.report(OLD)
    branch = {**words, "CI_MERGE_REQUEST_IID": ""}
    for script in others:
        service.run(script, **branch)
    (upload,) = service.called
    assert upload.endswith("--upload-file build/linux/report.json https://gitlab/r/1/linux.json")
    service.report(copy.deepcopy(newer()))
    for script in others:
        service.run(script, **words, CI_MERGE_REQUEST_IID="3")
    assert service.called[-1].endswith("https://gitlab/api/projects/5/merge_requests/3/notes")
    changes = service.project.root / "changes" / "linux.md"
    assert "+900 bytes (stripped)" in changes.read_text("utf-8")
