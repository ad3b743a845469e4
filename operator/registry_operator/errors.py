"""Failed I/O; what the API server refuses, by the condition reason that it means.

A finding about the observed state (a missing Secret, a namespace that is not allowed) is a returned
Condition, never an exception. An error here means: the pass could not see or could not act, try again.

    OperatorError
      ClusterError                    the API server did not do what was asked
        ClusterUnavailableError       it did not answer, or asked us to wait
        ForbiddenError                our own permissions do not suffice
        AlreadyExistsError            a POST met an object of that name
        ChangedMeanwhileError         a uid or resourceVersion of ours is outdated
        RejectedError                 it found the object invalid, or admission refused it
        KindNotServedError            it does not know the kind
      RegistryError                   a registry's sync port did not do what was asked
        RegistryUnreachableError      no answer that can be used, in time
        RegistryRefusedError          it refused, with a reason of the contract
          SetChangedError             If-Match failed: start over
          FormerNamespaceError        the project's path is bound to another namespace
          RegistryTooOldError         it does not know a field that we sent
      WouldWriteError                 a first look found something to do: it takes a pass that reads live
"""

from typing import ClassVar

from registry_service.contract.sync import Refusal


class OperatorError(Exception):
    """Base: the message says what happened without any secret value."""


class ClusterError(OperatorError):
    """The API server did not do what was asked; `reason` is the condition reason."""

    reason: ClassVar[str] = "ApplyFailed"


class ClusterUnavailableError(ClusterError):
    """The API server did not answer in time, or is overloaded."""

    reason = "ClusterUnavailable"


class ForbiddenError(ClusterError):
    """The operator's ServiceAccount may not do this."""

    reason = "ApplyForbidden"


class AlreadyExistsError(ClusterError):
    """An object of this name exists already, so it is not the one that we were about to make."""

    reason = "ConflictingOwner"


class ChangedMeanwhileError(ClusterError):
    """The object was changed, deleted or made again since it was read."""

    reason = "ChangedMeanwhile"


class RejectedError(ClusterError):
    """The API server, or an admission policy of the cluster, refused the object."""

    reason = "ApplyRejected"


class KindNotServedError(ClusterError):
    """The API server does not know the kind, because what defines it is not installed."""

    reason = "KindNotServed"


class RegistryError(OperatorError):
    """A registry's sync port did not do what was asked."""


class RegistryUnreachableError(RegistryError):
    """There was no answer that can be used: no connection, no TLS with the pinned CA, no reply in time."""


class RegistryRefusedError(RegistryError):
    """The registry refused a body for a reason that no retry alone will change; `refusal` is what it said."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.reason}: {refusal.message}")
        self.refusal = refusal


class SetChangedError(RegistryRefusedError):
    """Somebody else wrote the set since its ETag was taken; the pass starts over."""


class FormerNamespaceError(RegistryRefusedError):
    """The project belongs to a former namespace of the same name."""


class RegistryTooOldError(RegistryRefusedError):
    """The registry's image does not know a field that this operator sends."""

    def __str__(self) -> str:
        """What the registry does not know, and what to do: the condition Available shows it."""
        return f"{super().__str__()}. Set a newer spec.image, or remove what the image does not know."


class WouldWriteError(OperatorError):
    """A pass that may only look has come to something that it would write."""
