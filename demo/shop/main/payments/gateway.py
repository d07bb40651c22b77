"""Talking to the payment gateway, with retries."""

import time

import requests
from prometheus_client import Counter

from payments import settings

FAILURES = Counter("payments_gateway_failures_total", "Calls to the gateway that failed.")


class GatewayDown(Exception):
    """The gateway did not answer in any of the attempts."""


def charge(order, by):
    return _call("charge", {"order": order.id, "amount": order.amount, "by": by})


def refund(order, by):
    return _call("refund", {"order": order.id, "by": by})


def _call(what, body):
    for attempt in range(settings.MAX_CHARGE_ATTEMPTS):
        try:
            return requests.post(settings.GATEWAY_URL + "/" + what, json=body, timeout=settings.GATEWAY_TIMEOUT_SECONDS)
        except requests.RequestException:
            FAILURES.inc()
            time.sleep(2 ** attempt)
    raise GatewayDown(what)
