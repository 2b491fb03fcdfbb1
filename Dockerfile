# The service with its shipped model: no torch, no compiler, not root.
FROM python:3.13-slim AS build
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY training training
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --editable ".[postgres,scale]"

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /state iscore
WORKDIR /app
COPY --from=build /venv /venv
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY training training
COPY data/sample data/sample
COPY data/feeds.toml data/feeds.toml
COPY data/behaviour.toml data/behaviour.toml
COPY data/labels/client.jsonl data/labels/contrast.jsonl.gz data/labels/swaps.jsonl.gz data/labels/
COPY models models
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ISCORE_HOST=0.0.0.0 \
    ISCORE_PORT=8000 \
    ISCORE_STATE=/state
USER iscore
VOLUME /state
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["iscore", "serve"]
