from __future__ import annotations

import pytest

from tests.facts_helper import changes_of, facts_of

CHANGES = [
    ("app.ini", "[db]\npool_size = 5\n", "[db]\npool_size = 9\n", ["modified limit db.pool_size: 5 -> 9"]),
    ("app.ini", "[db]\nhost: a\n", "[db]\nhost: b\n", ["modified setting db.host: a -> b"]),
    ("app.ini", "[a]\nx =\n  1\n  2\n", "[a]\nx =\n  1\n  3\n", ["modified setting a.x: 1 2 -> 1 3"]),
    (".env", "PORT=80\n", "export PORT='81'\n", ["modified env_var PORT: 80 -> 81"]),
    (".env.example", "A_MODE=x\n", "", ["removed env_var A_MODE: x"]),
    ("a.properties", "server.port=80\n", "server.port = 81\n", ["modified port server.port: 80 -> 81"]),
    ("a.properties", "a.b c\n", "a.b d\n", ["modified setting a.b: c -> d"]),
    (
        "a.properties",
        "a.url=${BASE_URL:http://a}\n",
        "a.url=${BASE_URL:http://b}\n",
        [
            "modified env_var BASE_URL: http://a -> http://b",
            "modified setting a.url: ${BASE_URL:http://a} -> ${BASE_URL:http://b}",
        ],
    ),
    (
        "nginx.conf",
        "http {\n  server {\n    listen 80;\n  }\n}\n",
        "http {\n  server {\n    listen 8080;\n  }\n}\n",
        ["modified port http.server.listen: 80 -> 8080"],
    ),
    (
        "nginx.conf",
        "location / {\n  proxy_read_timeout 60s;\n}\n",
        "location / {\n  proxy_read_timeout 10s;\n}\n",
        ["modified limit location /.proxy_read_timeout: 60s -> 10s"],
    ),
    ("redis.conf", "maxmemory 2gb\n", "maxmemory 4gb\n", ["modified setting maxmemory: 2gb -> 4gb"]),
]

SILENT = [
    ("app.ini", "[a]\nx = 1\n", "# note\n[a]\n; note\nx=1 ; note\n"),
    ("app.ini", "[a]\nx = 1\ny = 2\n", "[a]\n\ny = 2\nx = 1\n"),
    (".env", "A=1\n", '#x\nA="1"\n'),
    ("a.properties", "a=b c\n", "a = b \\\n    c\n"),
    ("nginx.conf", "a {\n listen 80;\n}\n", "a\t{\n    listen 80; # note\n}\n"),
    ("tox.ini", "[testenv]\ntimeout = 1\n", "[testenv]\ntimeout = 2\n"),
    ("setup.cfg", "[metadata]\nversion = 1\n", "[metadata]\nversion = 2\n"),
    ("src/Messages_de.properties", "a.b=Hallo\n", "a.b=Servus\n"),
]


@pytest.mark.parametrize(("path", "before", "after", "expected"), CHANGES)
def test_changes(path: str, before: str, after: str, expected: list[str]) -> None:
    assert changes_of(path, before, after) == expected


@pytest.mark.parametrize(("path", "before", "after"), SILENT)
def test_silent(path: str, before: str, after: str) -> None:
    assert changes_of(path, before, after) == []


@pytest.mark.parametrize("text", ["API_TOKEN=hunter2\n", "DB_PASSWORD='hunter2' # note\n"])
def test_a_secret_is_stated_without_its_content(text: str) -> None:
    (fact,) = facts_of(".env", text)
    assert "hunter2" not in fact.value.text + fact.quote


@pytest.mark.parametrize("text", ["", "[", "=", "a\\", "}\n}\n}", "a {" * 500, "[a\n=b", "\x00=\x00", "a" * 10_000])
@pytest.mark.parametrize("path", ["a.ini", "a.conf", "a.properties", ".env"])
def test_broken_files_are_read_as_far_as_possible(path: str, text: str) -> None:
    facts_of(path, text)
