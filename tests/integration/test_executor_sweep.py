"""What the takeover of dead replicas leans on in DBOS (open source), on a real PostgreSQL.

``bot/replicas.py`` calls the private ``DBOS._recover_pending_workflows``, because the public way starts the count of
recoveries anew. When an upgrade of DBOS changes that, this fails; read decision 8 before changing it.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
from dbos import DBOS

from bot.replicas import Sweep
from tests.bot.postgres import postgres_server, postgres_url
from tests.integration.server import until

__all__ = ["postgres_server", "postgres_url"]

pytestmark = pytest.mark.integration

PROGRAM = """
import os, sys, time
from dbos import DBOS, SetWorkflowID
from bot.replicas import Sweep

url, executor, mode = sys.argv[1:]

@DBOS.step(name="slow")
def slow():
    if mode == "die":
        print("working", flush=True)
        time.sleep(60)
    return executor

@DBOS.workflow(name="work", max_recovery_attempts=100)
def work():
    return slow()

DBOS(config={"name": "contract", "system_database_url": url, "executor_id": executor, "application_version": "1",
             "use_listen_notify": False, "log_level": "ERROR", "enable_otlp": False})
sweep = Sweep(url, executor)
sweep.hold()
DBOS.launch()
DBOS.register_queue("q", partition_concurrency=1, polling_interval_sec=0.1)
if mode == "die":
    from dbos import SetEnqueueOptions
    with SetWorkflowID("only"), SetEnqueueOptions(queue_partition_key="p"):
        DBOS.enqueue_workflow("q", work)
    time.sleep(60)
found = [sweep.reclaim() for _ in range(2)]
assert found == [0, 1], found  # dead is whose lock is free in two sweeps
assert DBOS.retrieve_workflow("only").get_result() == executor
print("taken over", DBOS.get_workflow_status("only").recovery_attempts, flush=True)
assert sweep.reclaim() == 0
sweep.close()
DBOS.destroy()
"""


def test_the_private_function_is_as_we_know_it() -> None:
    parameters = list(inspect.signature(DBOS._recover_pending_workflows).parameters)
    assert parameters[:1] == ["executor_ids"]


def test_work_of_a_dead_executor_is_taken_over_and_counted(postgres_url: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    root = str(Path(__file__).parents[2])

    def run(executor: str, mode: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(program), postgres_url, executor, mode]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": root, "PATH": "/usr/bin:/bin"}
        )

    first = run("first", "die")
    assert first.stdout is not None
    assert first.stdout.readline() == "working\n"
    first.kill()
    first.communicate()
    second = run("second", "take")
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    word, _, attempts = said.strip().rpartition(" ")
    assert word == "taken over"
    assert int(attempts) >= 2, "recoveries are counted, so that poison can be told"


def test_a_live_executor_is_left_alone(postgres_url: str) -> None:
    holder = Sweep(postgres_url, "alive")
    holder.hold()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        row = other.execute(f"select pg_try_advisory_lock({Sweep._KEY})", ("alive",)).fetchone()
        assert row == (False,)
        holder.close()
        until(
            lambda: other.execute(f"select pg_try_advisory_lock({Sweep._KEY})", ("alive",)).fetchone() == (True,),
            "free",
        )
