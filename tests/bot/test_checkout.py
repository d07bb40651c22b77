"""The fetcher against real repositories behind a real ``git http-backend``."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot import checkout, gitprocess, settings, shelves
from bot.checkout import Checkouts
from bot.model import Checkout, Pull, PullRef, PullState
from bot.ports import Gone, Refused, Unavailable
from runbooks.check import check
from runbooks.formats import Presentation, load
from runbooks.workspace import Options, load_inputs
from tests.repositories import TempRepo

TOKEN = "ghs_canary0123456789"
REPO = "acme/shop"


@dataclass
class GitServer:
    """A loopback server that hands requests to ``git http-backend`` and counts what it sends."""

    projects: Path
    server: ThreadingHTTPServer | None = None
    token: str = TOKEN
    sent: int = 0
    requests: list[str] = field(default_factory=list)
    status: int = 0
    pause: float = 0.0
    slow: threading.Event = field(default_factory=threading.Event)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_port}/{REPO}.git"

    def clone(self, repo: str) -> tuple[str, str]:
        return self.url.replace(REPO, repo), self.token


class _Handler(BaseHTTPRequestHandler):
    world: GitServer

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve(body)

    def _serve(self, body: bytes) -> None:
        world = self.world
        world.requests.append(f"{self.command} {self.path}")
        expected = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        status = world.status or (200 if self.headers.get("Authorization") == f"Basic {expected}" else 401)
        if status != 200:
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        variables = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(world.projects), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "REMOTE_ADDR": "127.0.0.1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1", **world.environment,
        }  # fmt: skip
        backend = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
        done = subprocess.run(
            [f"{backend}/git-http-backend"], input=body, env=variables, capture_output=True, check=False
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        world.sent += len(answer)
        if world.pause and self.command == "POST" and b"command=fetch" in body:
            world.slow.set()
            time.sleep(world.pause)
        try:
            self.wfile.write(answer)
        except (BrokenPipeError, ConnectionResetError):
            return


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GitServer]:
    world = GitServer(tmp_path / "projects")
    handler = type("Handler", (_Handler,), {"world": world})
    world.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    world.server.daemon_threads = True
    thread = threading.Thread(target=world.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield world
    world.server.shutdown()
    world.server.server_close()
    thread.join()


RUNBOOK = """# Payments runbook

## Sessions

It lives on for `SESSION_TTL_SECONDS` (1 hour).
Export `LEGACY_CHARGES_URL` before the worker starts.
"""
BEFORE = "import os\n\nSESSION_TTL_SECONDS = 3600\nCHARGES = os.environ['LEGACY_CHARGES_URL']\n"
AFTER = "import os\n\nSESSION_TTL_SECONDS = 300\n"


@dataclass
class Scene:
    """A repository with a pull request: what it was made of, and where it is served."""

    repo: TempRepo
    base: str
    policy: str
    head: str
    bare: Path

    def pull(self, head: str = "") -> Pull:
        return Pull(
            PullRef(REPO, 7), "Shorter sessions", "mallory", PullState.OPEN, False, "main", self.policy,
            head or self.head, REPO, "https://forge.example/acme/shop/pull/7",
        )  # fmt: skip

    def serve(self) -> None:
        """Bring what the repository has to where it is served, as the forge has it: pull requests have refs."""
        self.repo.git("push", "--quiet", "--force", str(self.bare), "main", "change:refs/pull/7/head")


def scene(world: GitServer, tmp_path: Path, history: int = 0) -> Scene:
    """A change on a branch while the target branch went on; ``history`` is megabytes of incompressible past."""
    repo = TempRepo(tmp_path / "origin")
    source = random.Random(7)
    for name, value in (("core.compression", "0"), ("pack.compression", "0"), ("core.bigFileThreshold", "1m")):
        repo.git("config", name, value)
    for number in range(0, history, 10):
        repo.commit({"assets/blob.bin": source.randbytes(10_000_000)}, f"asset {number}")
    if history:
        repo.commit({"assets/blob.bin": None}, "no assets")
    many = {f"lib/module_{n}.py": f"LIMIT_{n} = {n}\n" for n in range(30)}
    base = repo.commit(
        {"docs/runbooks/payments.md": RUNBOOK, "app/settings.py": BEFORE, ".runbook-drift.toml": "",
         ".github/CODEOWNERS": "* @acme/payments\n", "catalog-info.yaml": "kind: Component\nmetadata: {name: shop}\n"}
        | many
    )  # fmt: skip
    repo.branch("change")
    repo.commit({"app/settings.py": BEFORE.replace("3600", "1800")}, "half way")
    head = repo.commit({"app/settings.py": AFTER, "app/new.py": "import os\n"})
    repo.switch("main")
    policy = repo.commit({"README.md": "later\n", ".github/CODEOWNERS": "* @acme/billing\n"})
    bare = world.projects / f"{REPO}.git"
    bare.parent.mkdir(parents=True)
    repo.git("init", "--quiet", "--bare", str(bare))
    repo.git("--git-dir", str(bare), "config", "uploadpack.allowFilter", "true")
    done = Scene(repo, base, policy, head, bare)
    done.serve()
    return done


def checkouts(world: GitServer, tmp_path: Path, **options: object) -> Checkouts:
    return Checkouts(tmp_path / "state", world.clone, loopback=True, **options)  # type: ignore[arg-type]


def report(
    directory: str | Path, base: str, head: str, policy: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """The report as a review gets it: JSON and patch."""
    monkeypatch.setenv("GIT_NO_LAZY_FETCH", "1")
    options = Options(
        repo=str(directory), base=base, head=head, config_from=policy, trust_owner=True, as_of=date(2026, 11, 23)
    )
    inputs = load_inputs(options)
    found = check(inputs)
    shown = Presentation(head_text=inputs.head_text)
    return load("json").render(found, shown), load("patch").render(found, shown)


def everything_below(directory: Path) -> Iterator[bytes]:
    for path in directory.rglob("*"):
        yield str(path).encode()
        if path.is_file():
            yield path.read_bytes()


def test_a_review_of_the_checkout_says_what_one_of_a_full_clone_says(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(world, tmp_path)
    found = checkouts(world, tmp_path).prepare(made.pull(), made.base, made.policy)
    assert found == Checkout(found.directory, made.base, made.head, made.policy)
    ours = report(found.directory, made.base, made.head, made.policy, monkeypatch)
    full = report(made.repo.root, made.base, made.head, made.policy, monkeypatch)
    assert ours == full
    verdicts = json.loads(ours[0])["verdicts"]
    said = {(verdict["status"], (verdict["runbook"] or {}).get("line")) for verdict in verdicts}
    assert ("contradicted", 5) in said
    assert ("contradicted", 6) in said, "a removed name is only known to be gone when the whole head can be searched"


def test_it_is_the_same_where_the_head_is_the_target_branch_or_follows_it_at_once(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(world, tmp_path)
    half = made.repo.git("rev-parse", "change~1")
    ours = checkouts(world, tmp_path)
    for base, head, policy in (
        (made.base, half, made.base),
        (half, made.head, made.head),
        (made.base, made.base, made.policy),
    ):
        found = ours.prepare(made.pull(head), base, policy)
        assert report(found.directory, base, head, policy, monkeypatch) == report(
            made.repo.root, base, head, policy, monkeypatch
        )


def test_renames_links_modes_and_submodules_do_not_change_the_report(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(world, tmp_path)
    repo = made.repo
    repo.switch("change")
    (repo.root / "link").symlink_to("app/settings.py")
    repo.git("mv", "app/settings.py", "app/config.py")
    repo.git("mv", "docs/runbooks/payments.md", "docs/runbooks/money.md")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{made.base},vendored")
    (repo.root / "app/config.py").chmod(0o755)
    repo.git("add", "app", "link", "docs")
    repo.git("commit", "--quiet", "-m", "moved", "--no-verify")
    head = repo.git("rev-parse", "HEAD")
    made.serve()
    found = checkouts(world, tmp_path).prepare(made.pull(head), made.base, made.policy)
    ours = report(found.directory, made.base, head, made.policy, monkeypatch)
    assert ours == report(repo.root, made.base, head, made.policy, monkeypatch)


def test_a_relative_state_directory_works(world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``state`` is the default: git and the workers run elsewhere, so the settings make it absolute."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STATE_DIR", raising=False)
    made = scene(world, tmp_path)
    directory = settings.load().state_dir / "repositories"
    found = Checkouts(directory, world.clone, loopback=True).prepare(made.pull(), made.base, made.policy)
    assert Path(found.directory).is_relative_to(tmp_path / "state")
    assert report(found.directory, made.base, made.head, made.policy, monkeypatch) == report(
        made.repo.root, made.base, made.head, made.policy, monkeypatch
    )


def test_a_big_history_is_not_transferred(world: GitServer, tmp_path: Path) -> None:
    made = scene(world, tmp_path, history=60)
    ours = checkouts(world, tmp_path)
    ours.prepare(made.pull(), made.base, made.policy)
    first = world.sent
    assert first < 60_000, f"{first} bytes of a history of 60 MB"

    made.repo.switch("change")
    head = made.repo.commit({"app/settings.py": AFTER.replace("300", "240")})
    made.serve()
    world.requests.clear()
    ours.prepare(made.pull(head), made.base, made.policy)
    assert world.sent - first < first / 3, "a later push costs only what it changed"
    assert sum(request.startswith("POST") for request in world.requests) <= 5, "two fetches: commits, then blobs"

    world.requests.clear()
    ours.prepare(made.pull(head), made.base, made.policy)
    assert world.requests == [], "the same again costs nothing"


def test_a_head_too_large_to_search_is_reviewed_all_the_same(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(world, tmp_path)
    made.repo.switch("change")
    source = random.Random(1)
    head = made.repo.commit(
        {f"lib/data_{n}.bin": source.randbytes(300_000) for n in range(4)} | {"lib/x.py": "A = 1\n"}
    )
    base = head
    head = made.repo.commit({"app/settings.py": AFTER.replace("300", "240")})
    made.serve()
    ours = checkouts(world, tmp_path, searched_bytes=200_000)
    found = ours.prepare(made.pull(head), base, made.policy)
    verdicts = json.loads(report(found.directory, base, head, made.policy, monkeypatch)[0])
    assert verdicts["complete"], verdicts["skipped"]
    sent = world.sent
    made.repo.commit({"app/settings.py": AFTER.replace("300", "120")})
    made.serve()
    ours.prepare(made.pull(made.repo.git("rev-parse", "HEAD")), base, made.policy)
    assert world.sent - sent < 20_000, "it is not tried again with every push"


def test_the_token_is_in_no_argument_no_file_and_no_error(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(world, tmp_path)
    secrets = [TOKEN.encode(), base64.b64encode(f"x-access-token:{TOKEN}".encode())]
    world.pause = 0.6
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    monkeypatch.setenv("GIT_TRACE_CURL", str(trace))
    seen: list[bytes] = []
    work = threading.Thread(target=checkouts(world, tmp_path).prepare, args=(made.pull(), made.base, made.policy))
    work.start()
    assert world.slow.wait(20)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            seen.append(process.read_bytes())
        except OSError:
            continue
    work.join()
    assert any(b"fetch\0" in arguments for arguments in seen), "a fetch was running while we looked"
    assert not [arguments for arguments in seen if any(secret in arguments for secret in secrets)]
    assert not [text for text in everything_below(tmp_path / "state") if any(secret in text for secret in secrets)]
    assert not trace.exists(), "git obeys no variables of ours"

    world.token = "ghs_revoked_canary"
    with pytest.raises(Refused) as refused:
        checkouts(world, tmp_path / "other").prepare(made.pull(), made.base, made.policy)
    assert "canary" not in str(refused.value)
    assert "contents" in str(refused.value)
    assert "canary" not in repr(gitprocess.Remote("https://forge.example/a/b.git", TOKEN))


def test_a_pull_request_from_a_fork_is_fetched_through_its_ref(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of the old protocol gives out only what it advertises."""
    made = scene(world, tmp_path)
    monkeypatch.setitem(gitprocess._SETTINGS, "protocol.version", "0")
    pull = replace(made.pull(), head_repo="mallory/shop")
    found = checkouts(world, tmp_path).prepare(pull, made.base, made.policy)
    ours = report(found.directory, made.base, made.head, made.policy, monkeypatch)
    assert ours == report(made.repo.root, made.base, made.head, made.policy, monkeypatch)


def test_a_server_that_gives_out_branches_only_is_asked_by_name_and_a_head_that_left_is_gone(
    world: GitServer, tmp_path: Path
) -> None:
    made = scene(world, tmp_path)
    made.repo.switch("change")
    made.repo.git("reset", "--quiet", "--hard", made.base)
    made.repo.commit({"app/settings.py": "FORCED = 1\n"})
    made.repo.git("push", "--quiet", "--force", str(made.bare), "change:refs/pull/7/head")
    subprocess.run(["git", "-C", str(made.bare), "gc", "--quiet", "--prune=now"], check=True)
    with pytest.raises(Gone, match=made.head[:12]) as gone:
        checkouts(world, tmp_path).prepare(made.pull(), made.base, made.policy)
    assert gone.value.code == "no_commit"
    with pytest.raises(Gone):
        checkouts(world, tmp_path).prepare(made.pull("--upload-pack=touch"), made.base, made.policy)


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [(404, Gone, "not_found"), (301, Gone, "moved"), (403, Refused, "contents"), (502, Unavailable, "")],
)
def test_what_the_server_says_becomes_a_word_of_ours(
    world: GitServer, tmp_path: Path, status: int, kind: type[Exception], word: str
) -> None:
    made = scene(world, tmp_path)
    world.status = status
    with pytest.raises(kind) as told:
        checkouts(world, tmp_path).prepare(made.pull(), made.base, made.policy)
    assert getattr(told.value, "code", "") == word
    assert "127.0.0.1" not in str(told.value)


def test_only_https_is_fetched_unless_this_machine_is_allowed(world: GitServer, tmp_path: Path) -> None:
    made = scene(world, tmp_path)
    for url in (
        "http://127.0.0.1/a/b",
        "file:///etc",
        "ext::sh -c true",
        "ssh://host/a",
        "https://u:p@host/a",
        "-oProxy",
    ):
        with pytest.raises(Refused):
            Checkouts(tmp_path / "state", lambda _, url=url: (url, "")).prepare(made.pull(), made.base, made.policy)
    assert gitprocess.allowed_url("https://forge.example/a/b.git", loopback=False) == "https"
    with pytest.raises(Refused):
        gitprocess.allowed_url("http://forge.example/a/b.git", loopback=True)


def test_a_fetch_that_takes_too_long_is_ended_with_everything_it_started(world: GitServer, tmp_path: Path) -> None:
    made = scene(world, tmp_path)
    world.pause = 4.0
    began = time.monotonic()
    with pytest.raises(Unavailable, match="longer than"):
        checkouts(world, tmp_path, seconds=0.6).prepare(made.pull(), made.base, made.policy)
    assert time.monotonic() - began < 3
    assert not _working_in(tmp_path / "state")
    world.pause = 0.0
    checkouts(world, tmp_path).prepare(made.pull(), made.base, made.policy)


def _working_in(directory: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(directory.resolve()) in os.readlink(process / "cwd"):
                found.append(process.name)
        except OSError:
            continue
    return found


PREPARE = """
import sys
from pathlib import Path
from bot.checkout import Checkouts
from bot.model import Pull, PullRef, PullState
root, url, token, base, policy, head = sys.argv[1:]
pull = Pull(PullRef("acme/shop", 7), "", "m", PullState.OPEN, False, "main", policy, head, "acme/shop", "")
Checkouts(Path(root), lambda repo: (url, token), loopback=True).prepare(pull, base, policy)
"""


def test_a_killed_process_leaves_nothing_that_blocks(world: GitServer, tmp_path: Path) -> None:
    made = scene(world, tmp_path)
    world.pause = 30.0
    arguments = [str(tmp_path / "state"), *world.clone(REPO), made.base, made.policy, made.head]
    child = subprocess.Popen([sys.executable, "-c", PREPARE, *arguments], cwd=Path(__file__).parents[2])
    assert world.slow.wait(30)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert _working_in(tmp_path / "state"), "the fetch of the killed process still waits for the server"
    store = next((tmp_path / "state/repositories").glob("*/store"))
    (store / "shallow.lock").touch()
    (store / "config.lock").touch()
    (store / "objects/pack").mkdir(exist_ok=True)
    (store / "objects/pack/tmp_pack_abc").write_bytes(b"half")
    world.pause = 0.0
    began = time.monotonic()
    checkouts(world, tmp_path).prepare(made.pull(), made.base, made.policy)
    assert time.monotonic() - began < 5
    assert not _working_in(tmp_path / "state")
    assert not list(store.glob("**/*.lock"))
    assert not list(store.glob("objects/pack/tmp_*"))


def test_two_at_once_wait_for_one_another(world: GitServer, tmp_path: Path) -> None:
    made = scene(world, tmp_path)
    world.pause = 0.4
    found: list[Checkout] = []
    ours = checkouts(world, tmp_path)
    works = [
        threading.Thread(target=lambda: found.append(ours.prepare(made.pull(), made.base, made.policy)))
        for _ in range(2)
    ]
    for work in works:
        work.start()
    assert world.slow.wait(20)
    with pytest.raises(Unavailable, match="another process"):
        checkouts(world, tmp_path, seconds=0.1).prepare(made.pull(), made.base, made.policy)
    for work in works:
        work.join()
    assert len(set(found)) == 1
    assert sum(request.startswith("POST") for request in world.requests) <= 4, "the second fetched nothing"


def test_the_disk_is_bounded_and_names_are_hashes(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(world, tmp_path)
    other = world.projects / "acme/..%2fetc.git"
    subprocess.run(["cp", "-r", str(made.bare), str(other)], check=True)
    hostile = replace(made.pull(), ref=PullRef("acme/..%2fetc", 7))
    monkeypatch.setattr(shelves, "GRACE", -1.0)
    ours = Checkouts(tmp_path / "state", lambda repo: (world.url, world.token), loopback=True, max_bytes=9_000)
    first = ours.prepare(hostile, made.base, made.policy)
    second = ours.prepare(made.pull(), made.base, made.policy)
    assert not Path(first.directory).exists(), "the longest unused makes room"
    assert Path(second.directory).exists()
    names = [path.name for path in (tmp_path / "state/repositories").iterdir()]
    assert [len(name) for name in names] == [32]
    assert not [path for path in (tmp_path / "state").rglob("*") if ".." in path.name]


def test_a_store_that_broke_is_fetched_anew(world: GitServer, tmp_path: Path) -> None:
    made = scene(world, tmp_path)
    ours = checkouts(world, tmp_path)
    found = ours.prepare(made.pull(), made.base, made.policy)
    for pack in Path(found.directory).parents[1].glob("store/objects/pack/*"):
        pack.unlink()
    with pytest.raises(Unavailable):
        ours.prepare(made.pull(), made.base, made.policy)
    again = ours.prepare(made.pull(), made.base, made.policy)
    assert Path(again.directory).is_dir()


def test_nothing_but_trees_is_fetched_of_a_repository_that_did_not_ask(world: GitServer, tmp_path: Path) -> None:
    made = scene(world, tmp_path)
    made.repo.switch("main")
    policy = made.repo.commit({".runbook-drift.toml": None})
    made.serve()
    ours = checkouts(world, tmp_path, opted_in=lambda repo: False)
    found = ours.prepare(made.pull(), made.base, policy)
    blob = made.repo.git("rev-parse", f"{made.head}:app/settings.py")
    assert checkout._missing(Path(found.directory), [blob]) == [blob]


def test_a_tree_of_too_many_files_is_refused_in_words(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.checkout.MAX_FILES", 2)
    made = scene(world, tmp_path)
    with pytest.raises(Refused, match="more than 2 files"):
        checkouts(world, tmp_path).prepare(made.pull(), made.base, made.policy)


def test_hooks_and_settings_of_the_machine_do_not_run(
    world: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(world, tmp_path)
    home = tmp_path / "home"
    hooks = home / "hooks"
    hooks.mkdir(parents=True)
    for name in ("reference-transaction", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {home}/ran\n")
        (hooks / name).chmod(0o755)
    (home / ".gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n[credential]\n\thelper = !touch {home}/ran\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(made.repo.root / ".git"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    checkouts(world, tmp_path).prepare(made.pull(), made.base, made.policy)
    assert not (home / "ran").exists()
