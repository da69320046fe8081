"""The classes of ``java/src`` in a JAR, and what the native library must have for them.

Android's own class that they use is declared in ``java/declarations`` for the compiler, so that no
SDK is needed; it does not go into the JAR.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from buildtool.core.paths import JAVA
from buildtool.core.render import write_bytes_if_changed
from buildtool.core.run import Command, run
from buildtool.products.zipped import zipped
from buildtool.tools.jdk import Jdk

SOURCES, DECLARATIONS = JAVA / "src", JAVA / "declarations"
LEVEL = 8  # of language and classes: what every Android since 5.0 takes
MANIFEST = "META-INF/MANIFEST.MF"
_FUNCTION = re.compile(r"\bJNICALL (Java_\w+)")


def compile_classes(jdk: Jdk, jar: Path, headers: Path, *, log: Path) -> None:
    """Write the JAR, and into the folder ``headers`` what declares its native functions.

    Raises:
        BuildError: the compiler refuses the sources.
    """
    level = str(LEVEL)
    target = ("--release", level) if jdk.release > LEVEL else ("-source", level, "-target", level)
    sources = sorted(str(path) for path in SOURCES.rglob("*.java"))
    shutil.rmtree(headers, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="classes-") as folder:
        argv = (
            *(str(jdk.javac), *target, "-encoding", "UTF-8", "-proc:none", "-Xlint:all,-options"),
            *("-implicit:none", "-sourcepath", f"{SOURCES}:{DECLARATIONS}"),
            *("-d", folder, "-h", str(headers), *sources),
        )
        # Names of files are read in the locale's encoding.
        command = Command(argv=argv, env={"LC_ALL": "C.UTF-8"})
        run(command, what="compiling the classes", log=log)
        classes = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in Path(folder).rglob("*.class")
        }
    manifest = b"Manifest-Version: 1.0\r\n\r\n"
    write_bytes_if_changed(jar, zipped({MANIFEST: manifest, **classes}, first=MANIFEST))


def native_functions(headers: Path) -> tuple[str, ...]:
    """The names of the native functions that the files in ``headers`` declare."""
    texts = (path.read_text(encoding="utf-8") for path in headers.glob("*.h"))
    return tuple(sorted({name for text in texts for name in _FUNCTION.findall(text)}))
