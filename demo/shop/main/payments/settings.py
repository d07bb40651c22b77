"""Settings of the payments service."""

import os
from datetime import timedelta

SESSION_TTL = timedelta(hours=1)
GATEWAY_URL = os.environ.get("PAYMENTS_GATEWAY_URL", "https://gateway.example.com")
GATEWAY_TIMEOUT_SECONDS = 30
MAX_CHARGE_ATTEMPTS = 5
LISTEN_PORT = 8080
