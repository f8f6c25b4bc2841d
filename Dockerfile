# syntax=docker/dockerfile:1
# The service with its models inside: nothing is fetched at run time.
#
#   docker build --tag relais .
#   docker run --rm --publish 8000:8000 --read-only --tmpfs /tmp \
#     --volume relais:/var/lib/relais --cap-drop ALL --security-opt no-new-privileges relais

FROM python:3.11.14-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/relais/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/relais/venv/bin/pip install --require-hashes --requirement /tmp/requirements.txt \
    && /opt/relais/venv/bin/pip uninstall --yes pip setuptools \
    && find /opt/relais/venv -type d -name __pycache__ -prune -exec rm -rf {} + \
    && /opt/relais/venv/bin/python -m compileall -q /opt/relais/venv/lib


FROM python:3.11.14-slim-bookworm

LABEL org.opencontainers.image.title="Relais" \
      org.opencontainers.image.description="French and Arabic news in English, with every name put back to its right spelling" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN groupadd --system --gid 10001 relais \
    && useradd --system --uid 10001 --gid relais --home-dir /var/lib/relais --shell /usr/sbin/nologin relais \
    && install --directory --owner=relais --group=relais --mode=0750 /var/lib/relais

ENV PATH=/opt/relais/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    HOME=/var/lib/relais \
    RELAIS_HOST=0.0.0.0 \
    RELAIS_PORT=8000 \
    RELAIS_DATA_DIR=/var/lib/relais \
    RELAIS_PACKAGES_DIR=/var/lib/relais/packages

WORKDIR /opt/relais/app
COPY --from=build /opt/relais/venv /opt/relais/venv
COPY LICENSE NOTICE wsgi.py gunicorn.conf.py ./
COPY models ./models
COPY glossary ./glossary
COPY service ./service
RUN python -m compileall -q service wsgi.py gunicorn.conf.py

USER 10001:10001
VOLUME ["/var/lib/relais"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "service", "health"]
CMD ["gunicorn", "--config", "gunicorn.conf.py", "wsgi:application"]
