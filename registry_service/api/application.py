"""The public application: reads before everything else, then publishing and pages."""

from operator import attrgetter

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp

from registry_service.api.answers import install_error_answers
from registry_service.api.audit import audit_router
from registry_service.api.authorization import require_declarations
from registry_service.api.curate import curate_router
from registry_service.api.docs import docs_router
from registry_service.api.front import Front
from registry_service.api.packages import packages_router
from registry_service.api.pages.routes import NotAdmittedError, pages_router
from registry_service.api.publish import publish_router
from registry_service.api.reads import Reads
from registry_service.api.tokens import tokens_router
from registry_service.use_cases.service import Service


def public_application(service: Service) -> ASGIApp:
    """Everything on the public port."""
    # Swagger's own page loads code from elsewhere, so it stays off; `docs` has ours.
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=attrgetter("name"),
    )
    app.state.service = service
    install_error_answers(app)
    app.add_exception_handler(NotAdmittedError, _not_admitted)
    app.include_router(publish_router(service))
    app.include_router(curate_router(service))
    app.include_router(packages_router(service))
    app.include_router(audit_router(service))
    app.include_router(tokens_router(service))
    app.include_router(docs_router(app))
    app.include_router(pages_router(service))
    require_declarations(app)
    https = (service.settings.external_url or "").startswith("https://")
    return Front(Reads(service, app), https=https)


async def _not_admitted(_: Request, error: Exception) -> Response:
    return error.response if isinstance(error, NotAdmittedError) else Response(status_code=500)
