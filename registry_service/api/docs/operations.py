"""What is said of FastAPI's routes: keyword arguments for their decorators."""

from http import HTTPStatus
from typing import Final

from registry_service.api.docs.components import Described, answer, header, json_body, one_of, query, refusal
from registry_service.api.list_query import GROUP_ORDERS, KEYSET, OFFSET, PROJECT_ORDERS, SORTS
from registry_service.domain.listing import (
    DEFAULT_PER_PAGE,
    MAX_COUNTED,
    MAX_PER_PAGE,
    PACKAGE_TYPES,
    PYPI,
    FileOrder,
    Order,
    PackageStatus,
)
from registry_service.domain.status import Status

PUBLISHING: Final = "Publishing"
PACKAGES: Final = "Packages"
CURATING: Final = "Yanks and status"

_EXAMPLE_PACKAGE: Final[Described] = {
    "id": 7,
    "name": "mypypipackage",
    "version": "0.0.1",
    "package_type": PYPI,
    "status": "default",
    "_links": {
        "web_path": "/team-a/-/packages/7",
        "delete_api_path": "https://registry.example/api/v4/projects/1/packages/7",
    },
    "created_at": "2026-11-24T10:30:00.000Z",
    "last_downloaded_at": None,
    "tags": [],
}
_EXAMPLE_VERSION: Final = {"id": 9, "version": "0.0.2", "created_at": "2026-11-25T08:00:00.000Z", "tags": []}
_EXAMPLE_FILE: Final = {
    "id": 25,
    "package_id": 7,
    "created_at": "2026-11-24T10:30:00.000Z",
    "file_name": "mypypipackage-0.0.1-py3-none-any.whl",
    "size": 1548,
    "file_md5": "0e8a2b9d2ba4e6b1fd2a0a4a6bd5f3d1",
    "file_sha1": "ebd193463d3915d7e22219f52740056dfd26cbfe",
    "file_sha256": "d53334205552a355fee8ca35a164512ef7334f33d309e60240d57073ee4386e6",
}

_SORT: Final = query("sort", "The direction of the order.", one_of(tuple(SORTS), "asc"))
_PAGES: Final = [
    query("page", "The page, counted from 1.", {"type": "integer", "minimum": 1, "default": 1}),
    query(
        "per_page",
        f"How much a page holds; more than {MAX_PER_PAGE} is {MAX_PER_PAGE}.",
        {"type": "integer", "minimum": 1, "default": DEFAULT_PER_PAGE},
    ),
]
_FILTERS: Final = [
    query("package_name", "Any part of a package's name, in any spelling.", {"type": "string"}),
    query("package_version", "A version, in any spelling that PEP 440 calls equal.", {"type": "string"}),
    query("package_type", f"GitLab's types; all but `{PYPI}` have no packages here.", one_of(sorted(PACKAGE_TYPES))),
    query(
        "status",
        "Only packages of this status. `deprecated` is PEP 792's; `error` is a quarantined package, which is listed "
        "and cannot be installed; every other is `default`.",
        one_of(tuple(PackageStatus)),
    ),
]
_KEYSET: Final = [
    query(
        "pagination",
        f"`{KEYSET}`: pages follow each other by cursor, and no page moves when something is published meanwhile.",
        one_of((OFFSET, KEYSET), OFFSET),
    ),
    query("cursor", f"Where the page before ended; taken from its `Link`. With `{KEYSET}` only.", {"type": "string"}),
]


_PAGE_HEADERS: Final = {
    "Link": header(
        'URLs of the pages with `rel="prev"`, `next`, `first` and `last`; by cursor `next` alone.', "string"
    ),
    "X-Total": header(
        f"How many there are. Absent beyond {MAX_COUNTED}, as `X-Total-Pages` and `last`; and by cursor."
    ),
    "X-Total-Pages": header("How many pages there are."),
    "X-Page": header("The page's own number."),
    "X-Per-Page": header("How much a page holds."),
    "X-Prev-Page": header("The number of the page before; empty where there is none.", "string"),
    "X-Next-Page": header("The number of the page after; empty where there is none.", "string"),
}


def _list(orders: tuple[Order, ...], example: Described) -> Described:
    ordered = query("order_by", "What to sort by; ties go by number.", one_of(orders, Order.CREATED_AT))
    return {
        "tags": [PACKAGES],
        "responses": {
            200: answer("A page of packages.", "Package", [example], many=True) | {"headers": _PAGE_HEADERS},
            400: refusal("order_by does not have a valid value"),
        },
        "openapi_extra": {"parameters": [*_FILTERS, ordered, _SORT, *_PAGES, *_KEYSET]},
    }


LIST_PACKAGES: Final[Described] = {
    "summary": "List the packages of a project",
    "description": "What GitLab calls a package is a release: a name with a version. Only those with files are listed.",
    **_list(PROJECT_ORDERS, _EXAMPLE_PACKAGE),
}
LIST_GROUP_PACKAGES: Final[Described] = {
    "summary": "List the packages of all projects",
    "description": "Those of the projects that the token may read: its own, and all that are internal or public.",
    **_list(GROUP_ORDERS, {**_EXAMPLE_PACKAGE, "project_id": 1, "project_path": "team-a"}),
}
SHOW_PACKAGE: Final[Described] = {
    "tags": [PACKAGES],
    "summary": "Show a package",
    "description": "One package, with the other versions of it.",
    "responses": {200: answer("The package.", "Package", {**_EXAMPLE_PACKAGE, "versions": [_EXAMPLE_VERSION]})},
}
LIST_FILES: Final[Described] = {
    "tags": [PACKAGES],
    "summary": "List the files of a package",
    "description": "Wheels and source distributions of one release.",
    "responses": {
        200: answer("A page of files.", "PackageFile", [_EXAMPLE_FILE], many=True) | {"headers": _PAGE_HEADERS},
        400: refusal("order_by does not have a valid value"),
    },
    "openapi_extra": {
        "parameters": [
            query("order_by", "What to sort by; ties go by number.", one_of(tuple(FileOrder), FileOrder.ID)),
            _SORT,
            *_PAGES,
        ]
    },
}
DELETE_PACKAGE: Final[Described] = {
    "tags": [PACKAGES],
    "summary": "Delete a package",
    "description": "All files of the release go from index and pages. Their names stay taken: a file name never comes "
    "to mean other bytes, unless the registry allows that. Needs the scope `api`.",
    "response_description": "It is deleted.",
}
DELETE_FILE: Final[Described] = {
    "tags": [PACKAGES],
    "summary": "Delete a package file",
    "description": "The file goes from index and pages; with its last file the package. Its name stays taken, as "
    "with a package. Needs the scope `api`.",
    "response_description": "It is deleted.",
}

_TEXT: Final = {"type": "string"}
_FORM: Final[Described] = {
    "type": "object",
    "required": ["name", "version", "content"],
    "properties": {
        ":action": {
            "type": "string",
            "const": "file_upload",
            "description": "May also stand in the query, or be absent.",
        },
        "name": {**_TEXT, "description": "The package's name; must agree with the file."},
        "version": {**_TEXT, "description": "Must agree with the file."},
        "content": {
            **_TEXT,
            "format": "binary",
            "description": "The wheel (`.whl`) or source distribution (`.tar.gz`).",
        },
        "filetype": {**_TEXT, "enum": ["bdist_wheel", "sdist"], "description": "Must agree with the file, if given."},
        "sha256_digest": {**_TEXT, "description": "Hexadecimal; compared, if given."},
        "blake2_256_digest": {**_TEXT, "description": "Hexadecimal; compared, if given."},
        "md5_digest": {**_TEXT, "description": "Hexadecimal; compared, if given."},
        "attestations": {**_TEXT, "description": "A JSON array of PEP 740 attestations; kept and served."},
    },
    "additionalProperties": True,
}
PUBLISH: Final[Described] = {
    "tags": [PUBLISHING],
    "summary": "Publish a file",
    "description": "What twine, uv, poetry, pdm, hatch and flit send: the form of the legacy upload API, fields in any "
    "order. Metadata comes from the file itself; fields that repeat it are passed over. The same bytes under the "
    "same name again change nothing; other bytes are refused. The final slash is optional. Needs the scope `api` or "
    "`write_package_registry`, or a job token of the project.",
    "response_description": "The file is stored, and on the index.",
    "responses": {
        201: answer("The file is stored, and on the index.", "Message", {"message": "201 Created"}),
        400: refusal(
            "Validation failed: File name has already been taken (foo-1.0.tar.gz already exists with sha256 …)"
        ),
        410: refusal(
            "The action submit is retired: upload a distribution with :action=file_upload", status=HTTPStatus.GONE
        ),
    },
    "openapi_extra": {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
}

_REASON: Final = {"reason": {**_TEXT, "maxLength": 1000, "description": "One line, shown to people."}}


def _curating(summary: str, description: str, done: str) -> Described:
    described = {"tags": [CURATING], "summary": summary, "response_description": done}
    return {**described, "description": f"{description} May be sent again. Needs the scope `api`."}


_YANK: Final[Described] = {
    "responses": {400: refusal("A reason is one line of at most 1000 characters")},
    "openapi_extra": {"requestBody": json_body("Why.", _REASON, {"reason": "breaks on Python 3.14"})},
}
_YANKED: Final = "Resolvers pass over what is yanked (PEP 592), unless exactly this version is asked for."
YANK_RELEASE: Final = {**_curating("Yank a release", f"Yanks all its files. {_YANKED}", "It is yanked."), **_YANK}
YANK_FILE: Final = {**_curating("Yank a file", _YANKED, "It is yanked."), **_YANK}
UNYANK_RELEASE: Final = _curating("Take the yank of a release back", "Offers all its files again.", "It is offered.")
UNYANK_FILE: Final = _curating("Take the yank of a file back", "Offers it again.", "It is offered.")

_STATUSES: Final = {
    "status": {
        **one_of(tuple(Status)),
        "description": "`archived`: takes no uploads; `quarantined`: takes none and offers no files; `deprecated`: "
        "works, and tools may warn; `active`: none of these.",
    },
    **_REASON,
}
_MARK: Final[Described] = {
    "responses": {400: refusal(f'The body\'s "status" must be one of {", ".join(Status)}')},
    "openapi_extra": {
        "requestBody": json_body("The status.", _STATUSES, {"status": "deprecated", "reason": "use foo2"}, "status")
    },
}
MARK_PACKAGE: Final = {**_curating("Mark a package", "Sets its status (PEP 792).", "It is marked."), **_MARK}
MARK_PROJECT: Final = {
    **_curating("Mark a project", "Sets the status of all its packages; the stricter of both counts.", "It is marked."),
    **_MARK,
}
