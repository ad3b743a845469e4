"""`make generate`: the copies of `crds/` in the chart, the charts' READMEs, and the images' bills of materials.

In the chart Helm can upgrade the CRDs, behind `crds.enabled` and `crds.keep`. The bills are made from the locks.
With `--check` nothing is written; a copy that differs from its source ends the run with 1.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.chart_readmes import readmes
from tests.supply.bill import bills

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "crds"
TARGET: Final = ROOT / "charts" / "pypi-registry-operator" / "templates"
_NOTE: Final = "# Source of truth: `make generate` copies this file into the chart.\n"
_METADATA: Final = "metadata:\n"
_KEEP: Final = """metadata:
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""


def template(crd: str) -> str:
    """The chart's template of a CRD. Raises ValueError for a text that Helm would read as its own."""
    if "{{" in crd:
        raise ValueError("a CRD holds {{, which Helm would evaluate")
    head = "{{- /* Made by `make generate` from crds/: edit it there. */ -}}\n{{- if .Values.crds.enabled }}\n"
    return head + crd.removeprefix(_NOTE).replace(_METADATA, _KEEP, 1) + "{{- end }}\n"


def generated(source: Path) -> dict[str, str]:
    """File names below the chart's templates, with what each is to contain."""
    return {f"crd-{path.name}": template(path.read_text()) for path in sorted(source.glob("*.yaml"))}


def differences(wanted: Mapping[str, str], target: Path) -> list[str]:
    """The names of the generated files that are missing, other, or left over."""
    present = {path.name: path.read_text() for path in target.glob("crd-*.yaml")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write(wanted: Mapping[str, str], target: Path) -> None:
    """Make `target` hold the wanted files and no other generated ones."""
    for path in target.glob("crd-*.yaml"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (target / name).write_text(text)


def _whole_files() -> dict[Path, str]:
    return {**readmes(), **bills()}


def main(arguments: Sequence[str]) -> int:
    """Generate, or with `--check` compare."""
    parser = argparse.ArgumentParser(prog="make generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a copy differs")
    wanted = generated(SOURCE)
    if not parser.parse_args(arguments).check:
        write(wanted, TARGET)
        for path, text in _whole_files().items():
            path.write_text(text)
        return 0
    differing = differences(wanted, TARGET)
    stale = [path for path, text in _whole_files().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} differs from its source: run `make generate`", file=sys.stderr)
    for name in differing:
        print(f"{TARGET.relative_to(ROOT) / name} differs from crds/: run `make generate`", file=sys.stderr)
    return 1 if differing or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
