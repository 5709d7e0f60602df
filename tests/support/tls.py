"""Certificates for tests, and clients that take whatever certificate there is."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

import attrs


@attrs.frozen
class Certificate:
    """PEM files of a certificate for `localhost`, signed by itself."""

    chain: Path
    key: Path


def make_certificate(directory: Path) -> Certificate:
    """A new one, valid for two days."""
    made = Certificate(directory / "cert.pem", directory / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-keyout", made.key, "-out", made.chain, "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return made


@attrs.frozen
class Authority:
    """A company's own: what it signs is trusted by whoever is told of it, and by nobody else."""

    directory: Path
    certificate: Path
    key: Path

    def issue(self, name: str, *alternatives: str) -> Certificate:
        """A certificate for a name, valid for two days; its chain's file holds the key too."""
        made = Certificate(self.directory / f"{name}.pem", self.directory / f"{name}.key")
        subject = self.directory / f"{name}.csr"
        _openssl("req", *NEW_KEY, "-keyout", made.key, "-out", subject, "-subj", f"/CN={name}")
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(alternatives or (f'DNS:{name}',))}\n")
        signed = ("-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "2")
        _openssl("x509", "-req", "-in", subject, *signed, "-extfile", extensions, "-out", made.chain)
        made.chain.write_text(made.chain.read_text() + made.key.read_text())
        return made


def make_authority(directory: Path) -> Authority:
    """A new one, valid for two days."""
    made = Authority(directory, directory / "authority.pem", directory / "authority.key")
    _openssl(
        *("req", "-x509", *NEW_KEY, "-days", "2", "-keyout", made.key, "-out", made.certificate),
        *("-subj", "/CN=Test Authority", "-addext", "basicConstraints=critical,CA:TRUE"),
    )
    return made


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def server_context(certificate: Certificate, asking: Authority | None = None) -> ssl.SSLContext:
    """For a server; with `asking`, clients must show a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    if asking is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(asking.certificate)
    return context


def secured(plain: socket.socket, *protocols: str) -> ssl.SSLSocket:
    """TLS over a connected socket, offering these protocols; nobody is checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(plain, server_hostname="localhost")
