"""What an S3 store's refusals mean to the person who configured it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError, MaxRetryError

from registry_service.errors import BlobMissingError, StorageError

_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccountProblem",
        "AllAccessDisabled",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    },
)
_BUSY: Final = frozenset({"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown"})


@contextmanager
def explained(key: str) -> Iterator[None]:
    """Turn the client's exceptions into StorageError, and a missing object into BlobMissingError of `key`."""
    try:
        yield
    except S3Error as error:
        raise _refusal(error, key) from error
    except (MinioException, HTTPError, OSError) as error:
        raise _failure(error) from error
    except ValueError as error:  # the client's own checks of names and sizes
        raise StorageError("StorageIncompatible", f"the S3 client refuses: {error}") from error


def _refusal(error: S3Error, key: str) -> StorageError:
    code = str(error.code)
    if code == "NoSuchKey":
        return BlobMissingError(key)
    said = f"{code}: {error.message}"
    if code == "NoSuchBucket":
        return StorageError("BucketNotFound", f"the bucket does not exist ({said})")
    if code in _DENIED:
        return StorageError("StorageAccessDenied", f"the S3 store refuses the credentials or their rights ({said})")
    if code in _BUSY or code.startswith("XMinio"):
        return StorageError("StorageUnreachable", f"the S3 store cannot answer now ({said})")
    return StorageError("StorageIncompatible", f"the S3 store refuses a request ({said})")


def _failure(error: Exception) -> StorageError:
    status = error.status_code if isinstance(error, ServerError) else None
    if isinstance(error, InvalidResponseError) or (status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR):
        return StorageError("StorageIncompatible", "what answers at the S3 endpoint does not speak the S3 API")
    cause = error.reason if isinstance(error, MaxRetryError) else error
    return StorageError("StorageUnreachable", f"the S3 store does not answer: {cause}")
