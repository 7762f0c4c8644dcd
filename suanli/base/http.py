"""Every HTTP client of the package is made here, so that all heed the same proxies."""

from __future__ import annotations

import functools
import ipaddress
import os
import ssl
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import httpx

from suanli.base.errors import SuanliError


class ProxyError(SuanliError):
    """A proxy named in the environment that can't be used."""


class CertificatesError(SuanliError):
    """Certificates named in the environment that can't be read."""


def client_for(url: str, **options: Any) -> httpx.Client:
    """A client for what is at `url`, through the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY
    name, but for hosts in NO_PROXY and this machine itself. `options`: see `httpx.Client`.

    Raises:
        ProxyError: the proxy can't be used.
        CertificatesError: SSL_CERT_FILE can't be read.
        httpx.InvalidURL: `url` is none.
    """
    try:
        here = is_loopback(urlsplit(url).hostname or "")
        httpx.URL(url)  # what is wrong with it is no proxy's fault
    except ValueError as error:
        raise httpx.InvalidURL(str(error)) from None
    try:
        return httpx.Client(verify=_trusted(not here), trust_env=not here, **options)
    except ImportError:
        raise ProxyError(
            "the environment names a SOCKS proxy (ALL_PROXY, HTTP_PROXY or HTTPS_PROXY), which"
            " takes the package socksio: pip install socksio, or unset the variable"
        ) from None
    except httpx.InvalidURL:
        # Its words may be a part of the password.
        raise ProxyError(
            "a proxy in the environment (ALL_PROXY, HTTP_PROXY or HTTPS_PROXY), or a host in"
            " NO_PROXY, is no address: write / # ? @ in a password as %2F %23 %3F %40, and hosts"
            " without brackets"
        ) from None
    except ValueError as error:
        raise ProxyError(
            "the proxy in the environment (ALL_PROXY, HTTP_PROXY or HTTPS_PROXY) can't be used:"
            f" {error}"
        ) from None


@functools.cache
def _trusted(by_environment: bool) -> ssl.SSLContext:
    """Who vouches for servers. To read it takes 20 ms, and a job asks many of them."""
    try:
        return httpx.create_ssl_context(trust_env=by_environment)
    except OSError as error:
        named = os.environ.get("SSL_CERT_FILE")
        raise CertificatesError(
            f"SSL_CERT_FILE in the environment names {named!r}, which holds no certificates"
            f" ({error}): name a PEM file, or unset the variable"
        ) from None


def is_url(text: str, schemes: Collection[str] = ("http", "https")) -> bool:
    """Whether a text is the address of a server."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return good and text.isprintable()


def is_node(text: str) -> bool:
    """Whether a text says where a chain's node is: a URL, or the path of its .ipc file."""
    return is_url(text, ("http", "https", "ws", "wss")) or (
        text.endswith(".ipc") and text.isprintable()
    )


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
