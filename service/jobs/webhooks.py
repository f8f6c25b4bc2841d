"""Telling a caller that its job has ended: a signed POST, to addresses outside the network only.

The body is the job as `GET /v1/jobs/{id}` shows it. The header ``X-Relais-Signature`` holds
``t=TIME,v1=HEX``, where HEX is the HMAC-SHA256, under `RELAIS_WEBHOOK_SECRET`, of the time, a full
stop and the body; a receiver compares it and refuses an old time. ``X-Relais-Delivery`` is the same
for every try of one delivery, so that a receiver can pass over a repetition.

A caller chooses the address, so the service could be made to call what only it can reach (SSRF).
Therefore the name is resolved once, *every* address it has must be a public one, the connection
goes to an address that was checked and not to the name (which may resolve to another one by then),
and redirections are not followed. `RELAIS_WEBHOOK_PRIVATE_ADDRESSES` lifts the check on addresses.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
import urllib3
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from service.errors import InvalidRequest
from service.jobs.store import Job, JobStore

log = structlog.get_logger("service.jobs")

#: Tries in quick succession, and how often those are repeated, after longer and longer pauses.
QUICK_TRIES: Final = 3
ROUNDS: Final = 6
ROUND_PAUSE: Final = 30.0
#: Seconds that a receiver may take.
TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=10.0)
MAX_URL_CHARACTERS: Final = 2000

#: Ranges whose addresses stand for IPv4 addresses: NAT64 (RFC 6052, RFC 8215).
_NAT64: Final = tuple(
    ipaddress.IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]


class DeliveryFailed(Exception):
    """The receiver did not answer, or not with a 2xx status; another try may succeed."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes: a checked address, and the name it was resolved from."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_target(url: str, *, allow_private: bool, resolver: Resolve = resolve) -> Target:
    """Where `url` leads, if the service may go there.

    Raises:
        InvalidRequest: it is no http(s) URL, its name is not known, or one of its addresses lies
            inside a network.
    """
    try:
        if len(url) > MAX_URL_CHARACTERS or any(ord(character) < 33 for character in url):
            raise ValueError("it is too long or holds spaces or control characters")
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if parts.scheme not in ("http", "https") or not host:
            raise ValueError("it must begin with https:// or http:// and name a host")
        if "@" in parts.netloc:
            raise ValueError("it must not hold a user name or a password")
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise InvalidRequest(f"The webhook's URL is not one: {error}.", field="webhook") from error
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = resolver(ascii_host, port)
    except OSError as error:
        raise InvalidRequest(
            "The webhook's host name cannot be resolved.", field="webhook"
        ) from error
    if not addresses or not (allow_private or all(is_public(address) for address in addresses)):
        raise InvalidRequest(
            "The webhook leads to an address inside a network, where this service does not go.",
            field="webhook",
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, ascii_host, port, path, addresses[0])


def is_public(text: str) -> bool:
    """Whether an address can be reached by anyone, and so reveals nothing of our own network.

    IPv4 addresses inside IPv6 ones (mapped, 6to4, Teredo, NAT64) are judged as what they stand for.
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            inner = address.teredo[1]
        if any(address in network for network in _NAT64):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The value of X-Relais-Signature."""
    signed = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256)
    return f"t={timestamp},v1={signed.hexdigest()}"


class WebhookSender:
    """Delivers the webhooks of jobs that have ended.

    Args:
        secret: key of the signatures; without one, webhooks are refused.
        show: a job as the interface shows it.
    """

    def __init__(
        self,
        secret: str,
        show: Callable[[Job], dict[str, object]],
        *,
        allow_private: bool = False,
        first_pause: float = 0.5,
    ) -> None:
        self._secret = secret
        self._show = show
        self._allow_private = allow_private
        self._first_pause = first_pause

    def check(self, url: str) -> None:
        """Whether a job may have this webhook.

        Raises:
            InvalidRequest: it may not.
        """
        if not self._secret:
            raise InvalidRequest(
                "Webhooks are signed, and this deployment has no key to sign with: set "
                "RELAIS_WEBHOOK_SECRET.",
                field="webhook",
            )
        check_target(url, allow_private=self._allow_private)

    def deliver_next(self, store: JobStore) -> bool:
        """Deliver the webhook that is due, if there is one; False where there is none."""
        job = store.take_webhook()
        if job is None:
            return False
        try:
            self.deliver(job)
        except InvalidRequest as error:
            log.warning("webhook_refused", job=job.id, detail=error.detail)
            store.note_webhook(job.id, "failed")
        except DeliveryFailed as error:
            tries = store.webhook_tries(job.id)
            log.warning("webhook_failed", job=job.id, reason=str(error), round=tries)
            if tries >= ROUNDS:
                store.note_webhook(job.id, "failed")
            else:
                store.note_webhook(job.id, "pending", delay=ROUND_PAUSE * 4 ** (tries - 1))
        else:
            log.info("webhook_delivered", job=job.id)
            store.note_webhook(job.id, "delivered")
        return True

    def deliver(self, job: Job) -> None:
        """Send one job's webhook, trying a few times in quick succession.

        Raises:
            InvalidRequest: the address is not, or no longer, one to go to.
            DeliveryFailed: no try was answered with a 2xx status.
        """
        if not job.webhook_url:
            raise InvalidRequest("The job has no webhook.")
        body = json.dumps(
            {"event": f"job.{job.state}", "job": self._show(job)}, ensure_ascii=False
        ).encode()
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(DeliveryFailed),
                wait=wait_exponential_jitter(
                    multiplier=self._first_pause, jitter=self._first_pause, max=10
                ),
                stop=stop_after_attempt(QUICK_TRIES),
            ):
                with attempt:
                    target = check_target(job.webhook_url, allow_private=self._allow_private)
                    self._post(target, body, delivery=f"{job.id}.{job.state}")
        except RetryError as error:
            raise error.last_attempt.exception() or DeliveryFailed("no answer") from error

    def _post(self, target: Target, body: bytes, *, delivery: str) -> None:
        default = {"http": 80, "https": 443}[target.scheme]
        host = f"[{target.host}]" if ":" in target.host else target.host
        headers = {
            "Host": host if target.port == default else f"{host}:{target.port}",
            "Content-Type": "application/json",
            "User-Agent": "relais-webhook",
            "X-Relais-Delivery": delivery,
            "X-Relais-Signature": signature(self._secret, int(time.time()), body),
        }
        try:
            with self._pool(target) as pool:
                response = pool.request(
                    "POST",
                    target.path,
                    body=body,
                    headers=headers,
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
                response.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise DeliveryFailed(type(error).__name__) from error
        if not 200 <= response.status < 300:
            raise DeliveryFailed(f"status {response.status}")

    def _pool(self, target: Target) -> urllib3.HTTPConnectionPool:
        """Connections to the checked address, on which the name's certificate is asked for."""
        options: dict[str, Any] = {"timeout": TIMEOUT, "maxsize": 1}
        if target.scheme == "http":
            return urllib3.HTTPConnectionPool(target.address, target.port, **options)
        return urllib3.HTTPSConnectionPool(
            target.address,
            target.port,
            server_hostname=target.host,
            assert_hostname=target.host,
            cert_reqs="CERT_REQUIRED",
            **options,
        )
