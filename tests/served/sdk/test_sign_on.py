"""A whole sign-in by OpenID Connect, against a real issuer: `oidc-provider` from npm."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import attrs
import httpx
import pytest

from tests.served.sdk.conftest import built
from tests.served.sdk.toolchains import Kit
from tests.support.gateway import Gateway, serving
from tests.support.process import SCALED, Home

pytestmark = pytest.mark.attack("T-69")

KIT = Kit(
    "sso",
    ("sso/package.json", "sso/provider.mjs"),
    ("node", "npm"),
    lambda target: [("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")],
)
SECRET = "a secret of forty letters, as clients have"
FORM = re.compile(r'action="([^"]+/interaction/[^"]+|/interaction/[^"]+)"')


@attrs.frozen(eq=False)
class Site:
    """A gateway and the issuer by which its people sign in."""

    gateway: Gateway
    issuer: str

    def browser(self) -> httpx.Client:
        """One that keeps cookies and goes where it is sent."""
        return httpx.Client(base_url=self.gateway.url, follow_redirects=True, timeout=30)

    def begin(self, browser: httpx.Client, name: str) -> httpx.Response:
        """From the gateway's sign-in through the issuer's forms, and back."""
        page = browser.get("/console/oidc/start", params={"then": "/console/me/account"})
        for fields in ({"prompt": "login", "login": name, "password": "any"}, {"prompt": "consent"}):
            assert str(page.url).startswith(self.issuer), page.text
            (action, *_) = FORM.findall(page.text)
            page = browser.post(str(page.url.join(action)), data=fields)
        return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Site]:
    """Both, the issuer first: the gateway is told its address, and it the gateway's."""
    script = built(KIT, pytestconfig) / "sso" / "provider.mjs"
    environment = {**os.environ, "CLIENT_SECRET": SECRET}
    process = subprocess.Popen(
        ["node", str(script)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        issuer = process.stdout.readline().strip()
        settings = {
            **SCALED,
            "oidc_issuer": issuer,
            "oidc_client_id": "gateway",
            "oidc_client_secret": "env:OIDC_SECRET",
            "oidc_role_claim": "groups",
            "oidc_roles": "ops=admin",
            "sign_up": "example.org",
            "admin_failures_per_minute": 0,
        }
        home = Home(tmp_path_factory.mktemp("sso") / "data", settings, {"OIDC_SECRET": SECRET})
        with serving(home) as gateway:
            print(f"{gateway.url}/console/oidc/back", file=process.stdin, flush=True)
            assert "ready" == process.stdout.readline().strip()
            yield Site(gateway, issuer)
    finally:
        process.kill()
        process.communicate()


def test_the_issuer_lets_somebody_in_with_their_role(site: Site) -> None:
    with site.browser() as browser:
        entered = site.begin(browser, "ada")
        assert (200, "/console/oidc/back") == (entered.status_code, urlsplit(str(entered.url)).path)
        assert 'content="0;url=/console/me/account"' in entered.text
        me = browser.get("/api/me").json()
        assert ("Ada Lovelace", "ada@example.org", "admin") == (me["name"], me["email"], me["role"])
        assert 200 == browser.get("/api/admin/tokens").status_code
        assert site.gateway.url not in browser.get("/console/sign-in").url.path


def test_an_address_that_the_issuer_has_not_verified_lets_nobody_in(site: Site) -> None:
    with site.browser() as browser:
        refused = site.begin(browser, "eve")
        assert (403, 401) == (refused.status_code, browser.get("/api/me").status_code)


def test_what_another_browser_began_is_not_ended_here(site: Site) -> None:
    """Else somebody is led to sign in as somebody else, and what they do then is the other's."""
    with site.browser() as browser, site.browser() as other:
        entered = site.begin(browser, "ada")
        assert 403 == other.get(str(entered.url)).status_code
        assert 401 == other.get("/api/me").status_code


def test_an_answer_of_the_issuer_is_taken_once(site: Site) -> None:
    with site.browser() as browser:
        entered = site.begin(browser, "ada")
        assert 403 == browser.get(str(entered.url)).status_code


def test_the_sign_in_names_the_issuer(site: Site) -> None:
    with site.browser() as browser:
        assert "Sign in with 127.0.0.1" in browser.get("/console/sign-in").text
