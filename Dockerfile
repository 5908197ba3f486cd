# One web process. compose.yaml runs several with nginx and Redis.

FROM python:3.11-slim-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/emoscope
COPY . .
RUN make setup
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements-cluster.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/emoscope emoscope
WORKDIR /srv/emoscope
COPY --from=build /venv /venv
COPY --from=build /srv/emoscope/static static
COPY --from=build /srv/emoscope/templates templates
COPY --from=build /srv/emoscope/webapp webapp
USER 10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 EMOSCOPE_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --start-period=60s --interval=10s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=5)"]
CMD ["gunicorn", "--config", "python:webapp.operations.serving", "webapp.operations.wsgi:app"]
