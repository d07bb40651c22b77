"""Killed with -9: whatever was going on, a pull request has one message afterwards, and it tells of the newest head."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.integration.conftest import World
from tests.integration.server import until

pytestmark = pytest.mark.integration

ROUNDS = 5


def _fetch(method: str, path: str) -> bool:
    return ".git/" in path


def _post(method: str, path: str) -> bool:
    return path.endswith("/chat.postMessage")


def _check(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/check-runs")


@pytest.mark.parametrize("moment", [_fetch, _check, _post])
def test_killed_while_it_fetches_publishes_or_posts(world: World, moment: object) -> None:
    server = world.server().start()
    pull = world.change("shorter", 300)
    front = world.slack if moment is _post else world.github
    with front.held(moment) as hold:  # type: ignore[arg-type]
        assert server.deliver_pull("opened", pull, "delivery-1") == 202
        assert hold.reached.wait(30)
        server.kill()
    server.start()
    world.message("Sessions live 300 seconds")
    world.check(pull["head"]["sha"], "failure")
    world.quiet(server)
    assert len(world.messages()) == 1
    assert len(world.repository.check_runs(pull["head"]["sha"])) == 1


@pytest.mark.parametrize("moment", [_fetch, _check, _post])
def test_sigterm_lets_what_runs_end_and_exits_with_0(world: World, moment: object) -> None:
    server = world.server().start()
    pull = world.change("shorter", 300)
    front = world.slack if moment is _post else world.github
    with front.held(moment) as hold:  # type: ignore[arg-type]
        assert server.deliver_pull("opened", pull, "delivery-1") == 202
        assert hold.reached.wait(30)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        time.sleep(1)
        assert server.process.poll() is None, "it waits for the step that runs"
    assert server.process.wait(30) == 0
    assert time.monotonic() - asked <= 25
    if moment is _post:
        assert len(world.messages()) == 1, "the step that ran has ended"
    server.start()
    world.message("Sessions live 300 seconds")
    world.check(pull["head"]["sha"], "failure")
    world.quiet(server)
    assert len(world.messages()) == 1
    assert server.stop() == 0


def test_sigterm_exits_with_0_within_25_seconds_although_a_service_hangs(world: World) -> None:
    server = world.server().start()
    pull = world.change("shorter", 300)
    with world.github.held(_fetch) as hold:
        assert server.deliver_pull("opened", pull, "delivery-1") == 202
        assert hold.reached.wait(30)
        asked = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - asked <= 25
    server.start()
    world.message("Sessions live 300 seconds")


def test_killed_at_random_moments_of_a_stream_of_pushes(world: World) -> None:
    moments = random.Random(20261123)
    server = world.server().start()
    pull = world.change("shorter", 300)
    server.deliver_pull("opened", pull)
    for number in range(ROUNDS):
        pull = world.again(pull, 310 + 10 * number)
        assert server.deliver_pull("synchronize", pull, f"push-{number}") == 202
        time.sleep(moments.uniform(0.0, 2.0))
        server.kill()
        server.start()
    last = world.again(pull, 240)
    assert server.deliver_pull("synchronize", last, "push-last") == 202
    world.message("SESSION_TTL_SECONDS = 240")
    world.check(last["head"]["sha"], "failure")
    world.quiet(server, 40)
    assert len(world.messages()) == 1, world.messages()
    assert server.known(1)["head"] == last["head"]["sha"]
    assert "SESSION_TTL_SECONDS = 240" in str(world.messages()[0])


def test_a_dead_replica_is_taken_over(world: World, postgres_url: str) -> None:
    state = {"DATABASE_URL": postgres_url}
    servers = [world.server(STATE_DIR=str(world.folder / f"state-{n}"), **state).start() for n in range(2)]
    pull = world.change("shorter", 300)
    with world.github.held(_fetch) as hold:
        assert servers[0].deliver_pull("opened", pull, "delivery-1") == 202
        assert hold.reached.wait(30)
        at_work = [n for n in range(2) if list((world.folder / f"state-{n}").rglob("fetching"))]
        assert len(at_work) == 1
        servers[at_work[0]].kill()
        killed = time.monotonic()
    left = servers[1 - at_work[0]]
    world.message("Sessions live 300 seconds", 60)
    assert time.monotonic() - killed < 60
    world.check(pull["head"]["sha"], "failure")
    until(lambda: left.known(1), "the other one knows")
    assert left.deliver_pull("opened", pull, "delivery-1") == 202, "GitHub sends it again"
    world.quiet(left)
    assert len(world.messages()) == 1
    assert len(world.repository.check_runs(pull["head"]["sha"])) == 1
