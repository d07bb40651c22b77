"""Settings of the payments service."""

import os
from datetime import timedelta

SESSION_TTL = timedelta(minutes=5)
GATEWAY_URL = os.environ.get("PAYMENTS_GATEWAY_URL", "https://gateway.example.com")
GATEWAY_TIMEOUT_SECONDS = 10
MAX_CHARGE_ATTEMPTS = 5
LISTEN_PORT = 8080
