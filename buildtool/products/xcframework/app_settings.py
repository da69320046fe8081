"""The settings that an app's build needs: flags for the compiler and for the final link, each its
own token, for Xcode, for CMake and for everything else.

Xcode's configuration files: "Adding a build configuration file to your project" in Apple's
documentation. Lists are split at spaces, but not within quotes; ``//`` begins a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from buildtool.core.render import Renderer, to_json
from buildtool.products.dist_files import CMAKE_CONFIG, CMAKE_VERSION, FLAGS_JSON
from buildtool.products.xcframework.package_values import HEADERS, Form, Library, Package
from buildtool.tools.linkers import LINKING

# What an Xcode of today builds for a simulator unless told otherwise.
SIMULATED = ("arm64", "x86_64")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings for one SDK. ``library`` and ``headers`` are relative to the package's folder;
    ``compile_flags`` and ``link_flags`` are without them. ``excluded`` are CPUs that Xcode would
    build for, but which the library is not for."""

    sdk: str
    cpus: tuple[str, ...]
    minimum_os: str
    library: str
    headers: str
    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    excluded: tuple[str, ...]

    @property
    def compile(self) -> tuple[str, ...]:
        """All of the compiler's flags, from the package's folder."""
        return (*self.compile_flags, f"-I{self.headers}")

    @property
    def link(self) -> tuple[str, ...]:
        """All flags of the final link, from the package's folder. The library's parts register
        themselves, and no symbol asks for them: it is loaded whole (ld(1), ``-force_load``)."""
        return (*LINKING["macho"].whole(self.library), *self.link_flags)


def settings_of(package: Package, libraries: Sequence[Library]) -> tuple[Settings, ...]:
    """The settings for each library of a package."""
    link_flags = (
        *package.options,
        *(word for name in package.frameworks for word in ("-framework", name)),
        *(f"-l{name}" for name in package.libraries),
    )
    compile_flags = (f"-std={package.standard}", *(f"-D{define}" for define in package.defines))
    return tuple(
        Settings(
            sdk=library.sdk,
            cpus=library.cpus,
            minimum_os=library.minimum_os,
            library=f"{package.name}.xcframework/{library.identifier}/{library.binary}",
            headers=f"{package.name}.xcframework/{library.identifier}/{library.headers}",
            compile_flags=compile_flags,
            link_flags=link_flags,
            excluded=_excluded(library),
        )
        for library in libraries
    )


def write_settings(renderer: Renderer, package: Package, settings: Sequence[Settings]) -> None:
    """Write all of them. No file says where it is, so that the folder can be moved."""
    as_json = {}
    for one in settings:
        as_json[one.sdk] = {
            "architectures": one.cpus,
            "minimum_os": one.minimum_os,
            "compile": one.compile,
            "link": one.link,
        }
        for name, flags in (("compile", one.compile), ("link", one.link)):
            renderer.render(f"{name}_flags-{one.sdk}.txt", "dist/flags.txt.j2", flags=flags)
    renderer.write(FLAGS_JSON, to_json(as_json))
    _write_xcconfig(renderer, package, settings, linked=False)
    _write_xcconfig(renderer, package, settings, linked=True)
    renderer.render(
        CMAKE_CONFIG,
        "packaging/TensorFlowSelectiveConfig.cmake.j2",
        version=package.version,
        settings=settings,
        standard=package.standard.replace("c++", "cxx_std_"),
        defines=package.defines,
    )
    renderer.render(
        CMAKE_VERSION,
        "dist/ConfigVersion.cmake.j2",
        version=package.version,
    )


def xcconfig_word(token: str) -> str:
    """A token of a list in a configuration file. References like ``$(SRCROOT)`` are kept, and
    what they stand for is not split at spaces."""
    quoted = token.replace("\\", "\\\\").replace('"', '\\"')
    # An empty reference between the slashes keeps them from beginning a comment.
    quoted = re.sub("/(?=/)", "/$()", quoted)
    return f'"{quoted}"' if re.search(r"[\s$'\"\\]", token) else quoted


def xcconfig_words(tokens: Iterable[str]) -> str:
    """A list in a configuration file."""
    return " ".join(xcconfig_word(token) for token in tokens)


def variable(name: str) -> str:
    """The setting that says where the package's folder is."""
    return f"{name.upper()}_DIR"


def built_product(package: Package) -> tuple[str, str]:
    """Library and headers where Xcode puts them when it takes an XCFramework apart itself."""
    products = "$(BUILT_PRODUCTS_DIR)"
    if package.form is Form.FRAMEWORK:
        bundle = f"{products}/{package.name}.framework"
        return f"{bundle}/{package.name}", f"{bundle}/{HEADERS}"
    return f"{products}/lib{package.name}.a", f"{products}/include"


def _write_xcconfig(
    renderer: Renderer, package: Package, settings: Sequence[Settings], *, linked: bool
) -> None:
    place = f"$({variable(package.name)})"
    if linked:
        parts = [_part("", *built_product(package), settings[0].link_flags)]
    else:
        parts = [
            _part(
                f"[sdk={one.sdk}*]",
                f"{place}/{one.library}",
                f"{place}/{one.headers}",
                one.link_flags,
            )
            for one in settings
        ]
    renderer.render(
        f"{package.name}{'-linked' if linked else ''}.xcconfig",
        "packaging/settings.xcconfig.j2",
        package=package.name,
        variable=variable(package.name),
        linked=linked,
        parts=parts,
        bitcode=package.bitcode,
        excluded={one.sdk: xcconfig_words(one.excluded) for one in settings if one.excluded},
        defines=xcconfig_words(package.defines),
        standard=package.standard,
    )


def _part(condition: str, library: str, headers: str, link_flags: Sequence[str]) -> dict[str, str]:
    """The assignments under one condition."""
    return {
        "condition": condition,
        "link": xcconfig_words((*LINKING["macho"].whole(library), *link_flags)),
        "headers": xcconfig_word(headers),
    }


def _excluded(library: Library) -> tuple[str, ...]:
    wanted = SIMULATED if library.sdk == "iphonesimulator" else ("arm64",)
    return tuple(cpu for cpu in wanted if cpu not in library.cpus)
