"""What the chart tells the operator."""

from pathlib import Path

import pytest

from registry_operator.settings import LogFormat, Settings, SettingsError

IMAGES = {
    "OPERATOR_SERVICE_IMAGE": "service:1",
    "OPERATOR_POSTGRESQL_IMAGE": "postgres:17",
    "OPERATOR_OBJECT_STORE_IMAGE": "store:1",
}


def test_the_images_are_enough_and_empty_variables_count_as_unset() -> None:
    settings = Settings.read(
        IMAGES | {"OPERATOR_BASE_DOMAIN": "", "OPERATOR_INGRESS_CLASS": "", "OPERATOR_LOG_FORMAT": ""}
    )
    assert settings.installation.service_image == "service:1"
    assert settings.installation.base_domain is None
    assert settings.installation.ingress_class is None
    assert settings.installation.ingress_ca is None
    assert settings.installation.trusted_proxies == ()
    assert (settings.installation.namespace, settings.installation.resolvers) == (None, ())
    assert (settings.log_format, settings.liveness_port, settings.metrics_port) == (LogFormat.JSON, 8080, 9090)
    assert (settings.lease, settings.moved_at_once) == (None, 5)


def test_everything_can_be_said(tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    ca.write_text("PEM")
    said = {
        "OPERATOR_NAMESPACE": "pypi-system",
        "OPERATOR_BASE_DOMAIN": "registry.test",
        "OPERATOR_INGRESS_CLASS": "traefik",
        "OPERATOR_INGRESS_CA_FILE": str(ca),
        "OPERATOR_TRUSTED_PROXIES": "10.0.0.0/8, 192.168.0.0/16",
        "OPERATOR_LOG_FORMAT": "text",
        "OPERATOR_LIVENESS_PORT": "9000",
        "OPERATOR_METRICS_PORT": "9001",
        "OPERATOR_LEASE": "leader",
        "OPERATOR_IDENTITY": "operator-1",
        "OPERATOR_WATCH_NAMESPACES": "team-a, team-b",
        "OPERATOR_ALLOWED_DOMAINS": "example.org,",
        "OPERATOR_ROLLOUT_MAX_CONCURRENT": "20",
    }
    servers = ("198.18.10.10", "fd00::a", "fe80::1%eth0", "", "here")
    resolv_conf = "search svc.cluster.local\n" + "\n".join(f"nameserver {server}" for server in servers)
    settings = Settings.read(IMAGES | said, resolv_conf)
    assert settings.installation.namespace == "pypi-system"
    assert settings.installation.resolvers == ("198.18.10.10/32", "fd00::a/128")
    assert (settings.installation.base_domain, settings.installation.ingress_class) == ("registry.test", "traefik")
    assert settings.installation.ingress_ca == "PEM"
    assert settings.installation.trusted_proxies == ("10.0.0.0/8", "192.168.0.0/16")
    assert (settings.log_format, settings.liveness_port, settings.metrics_port) == (LogFormat.TEXT, 9000, 9001)
    domains = settings.installation.allowed_domains
    assert (settings.installation.watched, domains) == (("team-a", "team-b"), ("example.org",))
    assert (settings.lease, settings.identity, settings.moved_at_once) == (("pypi-system", "leader"), "operator-1", 20)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    wrong = {
        "OPERATOR_SERVICE_IMAGE": "service:1",
        "OPERATOR_INGRESS_CA_FILE": str(tmp_path / "absent"),
        "OPERATOR_LOG_FORMAT": "xml",
        "OPERATOR_LIVENESS_PORT": "65536",
        "OPERATOR_METRICS_PORT": "metrics",
        "OPERATOR_LEASE": "leader",
        "OPERATOR_ROLLOUT_MAX_CONCURRENT": "0",
    }
    with pytest.raises(SettingsError) as raised:
        Settings.read(wrong)
    said = str(raised.value)
    of_a_lease = {"OPERATOR_NAMESPACE", "OPERATOR_IDENTITY"}
    for name in (IMAGES.keys() | wrong.keys() | of_a_lease) - {"OPERATOR_SERVICE_IMAGE", "OPERATOR_LEASE"}:
        assert name in said
    assert "OPERATOR_SERVICE_IMAGE" not in said
