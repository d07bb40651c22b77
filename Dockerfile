# runbook-drift: the checker and the bot. docs/operating.md says how to run it.
# Pin the base to a digest of your own registry's copy where builds have to be repeatable to the byte.
FROM python:3.12.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY analyzers analyzers
COPY runbooks runbooks
COPY bot bot
RUN python -m venv /opt/runbook-drift \
 && /opt/runbook-drift/bin/pip install --no-cache-dir '.[bot]' \
 && find /opt/runbook-drift -name tests -type d -prune -exec rm -rf {} + \
 && /opt/runbook-drift/bin/python -m compileall -q /opt/runbook-drift

FROM python:3.12.11-slim-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /state --shell /usr/sbin/nologin runbook \
 && install -d -o runbook -g runbook -m 0700 /state
COPY --from=build /opt/runbook-drift /opt/runbook-drift
ENV PATH=/opt/runbook-drift/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 STATE_DIR=/state PORT=8080
USER 10001
WORKDIR /state
VOLUME /state
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
ENTRYPOINT ["runbook-drift-bot"]
CMD ["serve"]
