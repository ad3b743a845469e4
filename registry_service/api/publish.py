"""The upload route: steps 1 to 3 of publishing, and the reply."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from packaging.utils import canonicalize_name

from registry_service.api.authorization import InProject, service_of
from registry_service.api.docs import operations
from registry_service.api.upload_form import FILE_FIELD, Check, ReceivedForm, drain, received_form
from registry_service.domain.access import Permission
from registry_service.errors import GoneError, RefusedError, RegistryError
from registry_service.rendering.json import render
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.publishing import ReceivedUpload
from registry_service.use_cases.service import Service

_PERMISSION: Final = InProject(Permission.PUBLISH)
UPLOAD_ACTION: Final = "file_upload"
# What setuptools and distutils asked of an index once.
RETIRED_ACTIONS: Final = frozenset(("submit", "submit_pkg_info", "doc_upload"))


@dataclass(frozen=True, slots=True)
class _Publishing:
    """The permission to publish in the project that the path names."""

    @property
    def needs(self) -> str:
        return _PERMISSION.needs

    async def __call__(self, request: Request, project: str) -> Access:
        """Let an upload into a project, before its body is read."""
        try:
            return await _PERMISSION(request, project)
        except RegistryError:
            # Through a proxy an answer that comes while the client still sends turns into a 502. A client that waits
            # for leave to send has sent nothing, and need not.
            if request.headers.get("expect", "").lower() != "100-continue":
                await drain(request.stream(), limit=await service_of(request).publishing.size_limit())
            raise


def publish_router(service: Service) -> APIRouter:
    """POST a distribution, with and without the final slash: no client follows a redirect with its body."""
    router = APIRouter()

    @router.post("/api/v4/projects/{project}/packages/pypi", status_code=201, **operations.PUBLISH)
    @router.post("/api/v4/projects/{project}/packages/pypi/", status_code=201, include_in_schema=False)
    async def publish(request: Request, access: Annotated[Access, Depends(_Publishing())]) -> Response:  # (1)
        started_at = datetime.now(UTC)
        content_type = request.headers.get("content-type", "")
        limit = await service.publishing.size_limit()
        with service.publishing.begin(access):
            # One too many is answered at once: to read its body first would be another upload in progress.
            async with received_form(request.stream(), content_type, check=_checks(access), limit=limit) as form:  # (2)
                received = _read(form, request, started_at)  # (3)
                await service.publishing.publish(access, received)
        return Response(render({"message": "201 Created"}), 201, media_type="application/json")

    return router


def _checks(access: Access) -> Check:
    def check(name: str, value: str) -> None:  # (3)
        if name == "name":
            access.require_package(canonicalize_name(value))

    return check


def _read(form: ReceivedForm, request: Request, started_at: datetime) -> ReceivedUpload:
    _require_upload(form.fields.get(":action") or request.query_params.get(":action") or UPLOAD_ACTION)
    if form.filename is None:
        raise RefusedError(f"The form has no file field {FILE_FIELD}")
    return ReceivedUpload(
        fields=form.fields,
        filename=form.filename,
        path=form.path,
        size=form.size,
        digests=form.digests,
        started_at=started_at,
        sent_as_files=tuple(sorted(form.sent_as_files)),
    )


def _require_upload(action: str) -> None:
    if action in RETIRED_ACTIONS:
        raise GoneError(f"The action {action} is retired: upload a distribution with :action={UPLOAD_ACTION}")
    if action != UPLOAD_ACTION:
        raise RefusedError(f"The form's :action must be {UPLOAD_ACTION}, not {action!r}")
