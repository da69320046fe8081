"""The frozen values that travel between stages.

Every stage takes some of these and gives others; nothing here does any work. A tuple stands
wherever order matters or equality must be exact; producers sort what has no order of its own.
"""

from __future__ import annotations

from buildtool.core.values.abis import (
    Abi,
    AppleFacts,
    OsVersions,
)
from buildtool.core.values.comparisons import (
    Change,
    Comparison,
    Names,
    SizeChanges,
)
from buildtool.core.values.conversion import Conversion
from buildtool.core.values.link_ways import LinkWay
from buildtool.core.values.opsets import (
    AttrType,
    ModelInfo,
    NodeRef,
    OpSet,
    OpUse,
    TensorInfo,
)
from buildtool.core.values.plans import (
    BuildPlan,
    FileKind,
    PlannedFile,
    SelectedKernel,
)
from buildtool.core.values.preparation import (
    Difference,
    Histogram,
    LibraryChange,
    LibraryKernel,
    Preparation,
    PreparedModel,
    PreparingStep,
)
from buildtool.core.values.registrations import (
    ArgDef,
    AttrCondition,
    AttrDef,
    KernelCatalogue,
    OpDefinition,
    OpRegistration,
    Registration,
    TypeConstraint,
)
from buildtool.core.values.results import (
    AndroidExpectation,
    ElfExpectation,
    LibraryFacts,
    MachoExpectation,
    MissingSymbol,
    ModelCheck,
    OutputCheck,
    RefusedFile,
    SizeContributor,
    SizeLimit,
    SizeReport,
    VerificationReport,
)
from buildtool.core.values.toolchains import (
    CompileCounts,
    SourceTree,
    Tool,
    Toolchain,
)

__all__ = [
    "Abi",
    "AndroidExpectation",
    "AppleFacts",
    "ArgDef",
    "AttrCondition",
    "AttrDef",
    "AttrType",
    "BuildPlan",
    "Change",
    "Comparison",
    "CompileCounts",
    "Conversion",
    "Difference",
    "ElfExpectation",
    "FileKind",
    "Histogram",
    "KernelCatalogue",
    "LibraryChange",
    "LibraryFacts",
    "LibraryKernel",
    "LinkWay",
    "MachoExpectation",
    "MissingSymbol",
    "ModelCheck",
    "ModelInfo",
    "Names",
    "NodeRef",
    "OpDefinition",
    "OpRegistration",
    "OpSet",
    "OpUse",
    "OsVersions",
    "OutputCheck",
    "PlannedFile",
    "Preparation",
    "PreparedModel",
    "PreparingStep",
    "RefusedFile",
    "Registration",
    "SelectedKernel",
    "SizeChanges",
    "SizeContributor",
    "SizeLimit",
    "SizeReport",
    "SourceTree",
    "TensorInfo",
    "Tool",
    "Toolchain",
    "TypeConstraint",
    "VerificationReport",
]
