"""What operator and service agree on about a pod: the variables that tell it what it is, its ports, and how it leaves.

In a pod the environment holds only database, store, external URL, proxies and identity; everything
else arrives through the sync port and is kept in the database. A database that is given in parts needs
no variable of ours: `DATABASE_URL` is then `postgresql://`, and libpq reads its own `PG*` variables.
"""

from typing import Final

DATABASE_URL: Final = "REGISTRY_DATABASE_URL"

# A folder, such as a volume's, in place of a bucket; several pods may share it.
BLOBS_DIRECTORY: Final = "REGISTRY_BLOBS_DIRECTORY"

S3_ENDPOINT: Final = "REGISTRY_S3_ENDPOINT"
S3_BUCKET: Final = "REGISTRY_S3_BUCKET"
S3_PREFIX: Final = "REGISTRY_S3_PREFIX"
S3_REGION: Final = "REGISTRY_S3_REGION"
S3_ADDRESSING: Final = "REGISTRY_S3_ADDRESSING"
S3_ACCESS_KEY: Final = "REGISTRY_S3_ACCESS_KEY"
S3_SECRET_KEY: Final = "REGISTRY_S3_SECRET_KEY"  # noqa: S105 - a variable's name, not a secret
S3_CA_FILE: Final = "REGISTRY_S3_CA_FILE"
S3_BUCKET_POLICY: Final = "REGISTRY_S3_BUCKET_POLICY"

EXTERNAL_URL: Final = "REGISTRY_EXTERNAL_URL"
MAX_UPLOAD_SIZE: Final = "REGISTRY_MAX_UPLOAD_SIZE"
TRUSTED_PROXIES: Final = "REGISTRY_TRUSTED_PROXIES"

# Identity: whose data the database and the bucket hold (design section 4, "Whose data it is").
NAME: Final = "REGISTRY_NAME"
NAMESPACE: Final = "REGISTRY_NAMESPACE"
NAMESPACE_UID: Final = "REGISTRY_NAMESPACE_UID"
RESOURCE_UID: Final = "REGISTRY_RESOURCE_UID"
TAKEOVER: Final = "REGISTRY_TAKEOVER"

# Folder that holds `tls.crt`, `tls.key` and `key` of the sync port; re-read when they change.
SYNC_DIRECTORY: Final = "REGISTRY_SYNC_DIRECTORY"
# File into which `migrate` writes `{"reason", "message", "registryID"}` for the operator.
TERMINATION_MESSAGE: Final = "REGISTRY_TERMINATION_MESSAGE"

PUBLIC_PORT: Final = 8080
SYNC_PORT: Final = 8081
METRICS_PORT: Final = 9090

# How a pod leaves. Endpoints, proxies and clients that keep a connection take a while to notice that it is going, and
# are served meanwhile; then what is under way may end, such as the upload of a large file over a slow line.
LEAVING_SECONDS: Final = 5
ENDING_SECONDS: Final = 75
