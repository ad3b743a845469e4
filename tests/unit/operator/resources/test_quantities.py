"""Quantities mean to us what they mean to the API server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_operator.resources.quantities import canonical, canonical_cpu, in_bytes

SUFFIXES = ["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]


@pytest.mark.parametrize(
    ("quantity", "size"),
    [("1", 1), ("50Mi", 52_428_800), ("2k", 2000), ("1Ki", 1024), ("3Gi", 3 * 2**30), ("1T", 10**12), ("1Ti", 2**40)],
)
def test_a_quantity_is_a_number_of_bytes(quantity: str, size: int) -> None:
    assert in_bytes(quantity) == size


@pytest.mark.parametrize("text", ["", "Mi", "1.5Gi", "-1", "1 Mi", "1Mib", "1e3", "٣Mi"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number of bytes"):
        in_bytes(text)


@pytest.mark.parametrize(
    ("quantity", "written"),
    [
        ("1024Mi", "1Gi"),
        ("2048Ti", "2Pi"),
        ("1000P", "1E"),
        ("1536Mi", "1536Mi"),
        ("1000", "1k"),
        ("2000M", "2G"),
        ("7", "7"),
        ("8Gi", "8Gi"),
        ("0", "0"),
    ],
)
def test_the_canonical_form_is_the_api_servers(quantity: str, written: str) -> None:
    assert canonical(quantity) == written


@given(st.integers(1, 10**9), st.sampled_from(SUFFIXES))
def test_the_canonical_form_is_the_same_quantity_and_settled(number: int, suffix: str) -> None:
    written = canonical(f"{number}{suffix}")
    assert in_bytes(written) == in_bytes(f"{number}{suffix}")
    assert canonical(written) == written


@pytest.mark.parametrize(
    ("quantity", "written"),
    [("1", "1"), ("0.5", "500m"), ("1.001", "1001m"), ("2000m", "2"), ("50m", "50m"), ("0", "0"), ("1.50", "1500m")],
)
def test_a_share_of_cpus_is_written_as_the_api_server_does(quantity: str, written: str) -> None:
    assert canonical_cpu(quantity) == written
    assert canonical_cpu(written) == written


@pytest.mark.parametrize("text", ["", "m", "-1", "1.0001", "1e3", "1Mi", ".5", "1.m"])
def test_another_share_of_cpus_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a share of CPUs"):
        canonical_cpu(text)
