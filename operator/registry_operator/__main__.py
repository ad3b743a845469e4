"""The composition root: `registry-operator run`."""

import argparse
import asyncio
import datetime as dt
import gc
import logging
import os
import random
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import kopf

from registry_operator import VERSION, metrics_port, registry_client
from registry_operator.cluster.connecting import connect
from registry_operator.cluster.kube import Kube
from registry_operator.cluster.leading import Fenced, Leadership
from registry_operator.cluster.snapshot import Snapshot
from registry_operator.errors import WouldWriteError
from registry_operator.handlers import children, lifecycle, resources
from registry_operator.handlers.loop_lag import LoopLag
from registry_operator.metrics import CONTENT_TYPE, Metrics, Readings
from registry_operator.planning.addresses import sync_url
from registry_operator.reconcilers.census import Census
from registry_operator.reconcilers.first_looks import FirstLooks
from registry_operator.reconcilers.hostnames import Hostnames
from registry_operator.reconcilers.keys import Key, RegistryKey
from registry_operator.reconcilers.registry import RegistryReconciler
from registry_operator.reconcilers.registry_syncing import RegistrySyncing
from registry_operator.reconcilers.rollout import Rollout
from registry_operator.reconcilers.routing import Routing
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.reconcilers.token_set import TokenSetReconciler
from registry_operator.settings import LogFormat, Settings, SettingsError
from registry_operator.work_queue import Backoff, Outcome, Workers, WorkQueue

WORKERS: Final = 16
API_DEADLINE: Final = 30.0
# Below the pod's terminationGracePeriodSeconds of 30.
STOP_DEADLINE: Final = 20.0
# What a pass may take at most; whatever hangs beyond its own deadlines must not hold its key for ever.
PASS_DEADLINE: Final = 300.0
# Every pod of a cluster is given the same DNS servers, so those of the registries' pods are its own.
_RESOLV_CONF: Final = Path("/etc/resolv.conf")
# Objects made before the garbage collector looks at the young ones, and how often then at older and at all.
_COLLECTION: Final = (50_000, 20, 50)
_log: Final = logging.getLogger(__name__)
HANDLERS: Final = (children, lifecycle, resources)


def main() -> None:
    """Run the command line; exits with 1 when the environment is incomplete or the metrics port taken."""
    parser = argparse.ArgumentParser(
        prog="registry-operator", description="Operator of PyPIRegistry and RegistryToken."
    )
    parser.add_subparsers(dest="command", required=True).add_parser("run", help="watch and reconcile until stopped")
    parser.parse_args()
    try:
        settings = Settings.read(os.environ, _RESOLV_CONF.read_text() if _RESOLV_CONF.exists() else "")
    except SettingsError as error:
        sys.exit(f"registry-operator: {error}")
    _configure_logging(settings)
    # The collector looks at everything again and again while long lists are read, which takes longer than to read them.
    gc.set_threshold(*_COLLECTION)
    try:
        asyncio.run(run(settings))
    except metrics_port.MetricsPortError as error:
        sys.exit(f"registry-operator: {error}")


async def run(settings: Settings) -> None:
    """Watch and reconcile until SIGTERM or SIGINT; running passes end first. Exits with 1 when another one leads."""
    metrics, census = Metrics(VERSION), Census()
    async with (
        connect(deadline=API_DEADLINE, observe=metrics.kubernetes_request) as api,
        metrics_port.serving(settings.metrics_port, metrics.exposition, CONTENT_TYPE),
    ):
        loop = asyncio.get_running_loop()
        queue: WorkQueue[Key] = WorkQueue(loop=loop, random=random.random, backoff=Backoff(), observer=metrics)
        lag, lost, leadership = LoopLag(loop), asyncio.Event(), _leadership(api, settings)
        kube = api if leadership is None else Fenced(api, leadership.holds)
        first = FirstLooks(kube, queue.add, settings.installation.watched)
        routing = Routing(first.touch, first.listed)
        port = SyncPort(
            kube, _now, secrets.token_bytes, sync_url, partial(registry_client.connect, observe=metrics.sync_request)
        )
        rollout = Rollout(settings.moved_at_once, queue.add, settings.installation.watched)
        passes = _passes(port, routing, settings, census, rollout)
        workers = Workers(queue, partial(_reconcile, passes, first))
        metrics.ask(_readings(queue, lag, leadership, census))
        lag.start()
        async with _working(workers, partial(first.run, routing), leadership, lost):
            await _watch(settings, kopf.Memo(routing=routing, loop_lag=lag), lost)
        lag.stop()
        if lost.is_set():
            sys.exit("registry-operator: another one leads")


async def _watch(settings: Settings, memo: kopf.Memo, stop: asyncio.Event) -> None:
    """Turn what changes into keys, in all namespaces or in the chosen ones."""
    watched = settings.installation.watched
    if not watched:
        resources.watch_namespaces()
    await kopf.operator(
        settings=lifecycle.kopf_settings(clusterwide=not watched),
        memo=memo,
        clusterwide=not watched,
        namespaces=watched,
        standalone=True,
        # By default Kopf asks for the user's name, and the user of a pod has none.
        identity=settings.identity,  # type: ignore[arg-type]  # Kopf keeps its own name for a str to itself
        liveness_endpoint=f"http://0.0.0.0:{settings.liveness_port}/healthz",
        stop_flag=stop,
    )


def _readings(queue: WorkQueue[Key], lag: LoopLag, leadership: Leadership | None, census: Census) -> Readings:
    return Readings(
        depth=queue.__len__,
        longest_wait=queue.longest_wait,
        longest_run=queue.longest_run,
        longest_failure=queue.longest_failure,
        loop_lag=lag.worst,
        # A single operator has nobody to stand ready for.
        leads=(lambda: True) if leadership is None else leadership.holds,
        resources=census.resources,
        credentials=census.credentials,
        overdue=lambda: census.overdue(_now()),
    )


def _leadership(kube: Kube, settings: Settings) -> Leadership | None:
    """The Lease to lead by, where several operators stand ready."""
    if settings.lease is None:
        return None
    return Leadership(kube, settings.lease, settings.identity, clock=_now, monotonic=time.monotonic)


class _Passes:
    """Sends each key to the reconciler of its kind."""

    def __init__(self, registries: RegistryReconciler, token_sets: TokenSetReconciler) -> None:
        self._registries = registries
        self._token_sets = token_sets

    async def look(self, key: Key, snapshot: Snapshot) -> Outcome:
        """Make a pass that may only look, at what was read before; raises WouldWriteError."""
        if isinstance(key, RegistryKey):
            return await self._registries.only_looking(snapshot).reconcile(key)
        return await self._token_sets.only_looking(snapshot).reconcile(key)

    async def reconcile(self, key: Key) -> Outcome:
        if isinstance(key, RegistryKey):
            return await self._registries.reconcile(key)
        return await self._token_sets.reconcile(key)


async def _reconcile(passes: _Passes, first: FirstLooks, key: Key) -> Outcome:
    async with asyncio.timeout(PASS_DEADLINE):
        snapshot = first.take(key)
        if snapshot is not None:
            try:
                return await passes.look(key, snapshot)
            except WouldWriteError as error:
                _log.info("%s: there is something to do: %s", key, error, extra={"k8s_ref": key.reference})
        return await passes.reconcile(key)


def _passes(port: SyncPort, routing: Routing, settings: Settings, census: Census, rollout: Rollout) -> _Passes:
    memory = SyncMemory()
    registries = RegistryReconciler(
        kube=port.kube,
        installation=settings.installation,
        syncing=RegistrySyncing(port=port, routing=routing, memory=memory),
        clock=_now,
        random=secrets.token_bytes,
        hostnames=Hostnames(settings.installation.watched),
        rollout=rollout,
        census=census,
    )
    token_sets = TokenSetReconciler(
        kube=port.kube,
        installation=settings.installation,
        port=port,
        memory=memory,
        clock=_now,
        random=secrets.token_bytes,
        census=census,
    )
    return _Passes(registries, token_sets)


@asynccontextmanager
async def _working(
    workers: Workers[Key],
    look: Callable[[], Coroutine[object, object, None]],
    leadership: Leadership | None,
    lost: asyncio.Event,
) -> AsyncIterator[None]:
    """Have the workers work, as soon and as long as this process leads; its watches run in any case.

    So one that stands ready knows of all registries and tokens when it takes over, and looks at each of them.
    """
    leading = asyncio.create_task(_lead(workers, look, leadership, lost))
    try:
        yield
    finally:
        await workers.end(0 if lost.is_set() else STOP_DEADLINE)
        leading.cancel()
        if leadership is not None:
            await leadership.release()


async def _lead(
    workers: Workers[Key],
    look: Callable[[], Coroutine[object, object, None]],
    leadership: Leadership | None,
    lost: asyncio.Event,
) -> None:
    if leadership is not None:
        _log.info("this operator stands ready")
        await leadership.acquire()
        _log.info("this operator leads")
    workers.start(WORKERS)
    looking = asyncio.create_task(look())
    try:
        await (looking if leadership is None else leadership.keep())
    finally:
        looking.cancel()
    if leadership is not None:
        lost.set()
        await workers.end(0)


def _configure_logging(settings: Settings) -> None:
    form = kopf.LogFormat.JSON if settings.log_format is LogFormat.JSON else kopf.LogFormat.FULL
    kopf.configure(log_format=form, log_refkey="k8s")
    # Each event of each object, each probe: at INFO they would hide all else.
    for name in ("kopf.objects", "kopf.activities.probe", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


if __name__ == "__main__":
    main()
