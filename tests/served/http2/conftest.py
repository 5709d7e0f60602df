"""A gateway with a certificate."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.process import SCALED
from tests.support.tls import make_certificate


@pytest.fixture(scope="session")
def tls_settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    certificate = make_certificate(tmp_path_factory.mktemp("tls"))
    return {**SCALED, "certfile": certificate.chain, "keyfile": certificate.key}


@pytest.fixture(scope="module")
def gateway_settings(tls_settings: Mapping[str, object]) -> Mapping[str, object]:
    return tls_settings
