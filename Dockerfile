# Three programs, one file: `operator`, `service` and `object-store` (the MinIO server, whose project
# publishes no images any more). Works with Docker, BuildKit and buildah; no syntax beyond the ordinary.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim-bookworm
ARG GO_IMAGE=docker.io/library/golang:1.26-bookworm

# The final images' root: the base without pip, ensurepip and set-user-id files, and with its bytecode made now,
# because a read-only root file system could never keep it. Copied into an empty image, so that what was
# removed is not merely hidden in a lower layer.
FROM ${BASE_IMAGE} AS stripped
RUN set -eu; \
    stdlib="$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"; \
    rm -rf "$stdlib/ensurepip" "$stdlib"/site-packages/* "$stdlib"/dist-packages/* "$stdlib/idlelib" "$stdlib/test" \
        /usr/local/bin/pip* /usr/local/bin/idle* /usr/share/python-wheels /root/.cache /var/lib/apt/lists/* /var/cache/apt/*; \
    find / -xdev -type f -perm /6000 -exec chmod a-s {} +; \
    find "$stdlib" -depth -name __pycache__ -exec rm -rf {} +; \
    python3 -m compileall -q --invalidation-mode unchecked-hash "$stdlib"

FROM scratch AS runtime
COPY --from=stripped / /
# The programs need neither site-packages nor a home they could write to.
ENV PATH=/opt/registry/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
    PYTHONPATH=/opt/registry/code:/opt/registry/dependencies \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LANG=C.UTF-8 \
    HOME=/opt/registry
WORKDIR /opt/registry
USER 65532:65532

FROM ${BASE_IMAGE} AS build
RUN python3 -m venv /opt/build

# Dependencies are a layer of their own: it changes with the lock and with nothing else.
# Wheels only: a source distribution would run its author's code here and want a compiler. Without dependencies: the lock
# names them all, and a pip before 23.3 takes the newest version where one asks for an extra, whatever the lock says.
FROM build AS operator-dependencies
COPY operator/requirements.lock /opt/build/requirements.lock
RUN set -eu; \
    /opt/build/bin/pip install --no-cache-dir --no-compile --no-deps --require-hashes --only-binary :all: \
        --target /opt/registry/dependencies --requirement /opt/build/requirements.lock; \
    rm -rf /opt/registry/dependencies/bin; \
    python3 -m compileall -q --invalidation-mode unchecked-hash /opt/registry/dependencies

# Crypto's self-test carries private keys, which no scanner can tell from lost ones.
FROM build AS service-dependencies
COPY registry_service/requirements.lock /opt/build/requirements.lock
RUN set -eu; \
    /opt/build/bin/pip install --no-cache-dir --no-compile --no-deps --require-hashes --only-binary :all: \
        --target /opt/registry/dependencies --requirement /opt/build/requirements.lock; \
    rm -rf /opt/registry/dependencies/bin /opt/registry/dependencies/Crypto/SelfTest; \
    python3 -m compileall -q --invalidation-mode unchecked-hash /opt/registry/dependencies

# A program is its code and a start script. `-S -P`: only PYTHONPATH is searched, never the working directory.
FROM build AS operator-code
COPY operator/registry_operator /opt/registry/code/registry_operator
COPY registry_service/__init__.py /opt/registry/code/registry_service/__init__.py
COPY registry_service/contract /opt/registry/code/registry_service/contract
RUN set -eu; \
    python3 -m compileall -q --invalidation-mode unchecked-hash /opt/registry/code; \
    mkdir /opt/registry/bin; \
    printf '%s\n' '#!/usr/bin/env -S python3 -S -P' 'import sys' 'from registry_operator.__main__ import main' 'sys.exit(main())' \
        > /opt/registry/bin/registry-operator; \
    chmod 755 /opt/registry/bin/registry-operator

FROM build AS service-code
COPY registry_service /opt/registry/code/registry_service
RUN set -eu; \
    rm /opt/registry/code/registry_service/requirements.lock /opt/registry/code/registry_service/sbom.cdx.json; \
    python3 -m compileall -q --invalidation-mode unchecked-hash /opt/registry/code; \
    mkdir /opt/registry/bin; \
    printf '%s\n' '#!/usr/bin/env -S python3 -S -P' 'import sys' 'from registry_service.__main__ import main' 'sys.exit(main())' \
        > /opt/registry/bin/registry-service; \
    chmod 755 /opt/registry/bin/registry-service

FROM runtime AS operator
LABEL org.opencontainers.image.title="PyPI Registry Operator" \
      org.opencontainers.image.description="Gives every Kubernetes namespace a private Python package registry." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=operator-dependencies /opt/registry/dependencies /opt/registry/dependencies
COPY --from=operator-code /opt/registry/bin /opt/registry/bin
COPY --from=operator-code /opt/registry/code /opt/registry/code
COPY operator/sbom.cdx.json /opt/registry/sbom.cdx.json
ENTRYPOINT ["registry-operator"]

FROM runtime AS service
LABEL org.opencontainers.image.title="PyPI Registry Service" \
      org.opencontainers.image.description="A private Python package registry at the URLs of GitLab's package registry." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=service-dependencies /opt/registry/dependencies /opt/registry/dependencies
COPY --from=service-code /opt/registry/bin /opt/registry/bin
COPY --from=service-code /opt/registry/code /opt/registry/code
COPY registry_service/sbom.cdx.json /opt/registry/sbom.cdx.json
EXPOSE 8080 8081 9090
ENTRYPOINT ["registry-service"]

# MinIO's last commit. Go verifies the module against its checksum database; the source is unmodified.
FROM ${GO_IMAGE} AS minio
ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
RUN set -eu; \
    mkdir -p /rootfs/usr/bin /rootfs/usr/share/doc/minio /rootfs/home/minio/.minio/certs/CAs; \
    CGO_ENABLED=0 GOBIN=/rootfs/usr/bin go install -trimpath -ldflags "-s -w" "github.com/minio/minio@${MINIO_VERSION}"; \
    cp "$(go env GOMODCACHE)/github.com/minio/minio@${MINIO_VERSION}/LICENSE" /rootfs/usr/share/doc/minio/

FROM scratch AS object-store
LABEL org.opencontainers.image.title="MinIO server" \
      org.opencontainers.image.description="S3 object storage for trials and small teams, built from its Go module without changes." \
      org.opencontainers.image.source="https://github.com/minio/minio" \
      org.opencontainers.image.licenses="AGPL-3.0-only"
COPY --from=minio /rootfs /
# No console, no calls home; the certificate folder exists because a read-only root cannot have it made.
ENV PATH=/usr/bin HOME=/home/minio MINIO_BROWSER=off MINIO_UPDATE=off
USER 65532:65532
EXPOSE 9000
ENTRYPOINT ["minio"]
