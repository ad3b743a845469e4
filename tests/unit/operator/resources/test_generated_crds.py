"""The chart's CRDs are copies of `crds/`, which Helm may upgrade and keeps when the chart goes."""

from pathlib import Path

import pytest
import yaml

from tests.generate import SOURCE, TARGET, differences, generated, main, template, write


def test_the_chart_is_up_to_date() -> None:
    assert differences(generated(SOURCE), TARGET) == []
    assert main(["--check"]) == 0


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.yaml")), ids=lambda path: path.name)
def test_a_template_is_the_crd_behind_two_switches(path: Path) -> None:
    lines = template(path.read_text()).splitlines()
    switches = [line.strip() for line in lines if "{{" in line]
    assert switches[1:] == ["{{- if .Values.crds.enabled }}", "{{- if .Values.crds.keep }}", "{{- end }}", "{{- end }}"]
    plain = yaml.safe_load("\n".join(line for line in lines if "{{" not in line))
    assert plain["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert plain == yaml.safe_load(path.read_text())


def test_what_helm_would_evaluate_is_refused() -> None:
    with pytest.raises(ValueError, match="Helm would evaluate"):
        template("description: {{ x }}")


def test_a_difference_is_found_and_mended(tmp_path: Path) -> None:
    wanted = generated(SOURCE)
    (tmp_path / "crd-former.yaml").write_text("")
    (tmp_path / "deployment.yaml").write_text("kept")
    assert differences(wanted, tmp_path) == ["crd-former.yaml", *sorted(wanted)]
    write(wanted, tmp_path)
    assert differences(wanted, tmp_path) == []
    assert (tmp_path / "deployment.yaml").exists()
    (tmp_path / min(wanted)).write_text("altered")
    assert differences(wanted, tmp_path) == [min(wanted)]
