"""What Python source states, case by case; and what must stay silent."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.languages import Side, load
from analyzers.model import Confidence, Fact, FactKind
from tests.facts_helper import changes_of, facts_of


def code(text: str) -> str:
    return textwrap.dedent(text).strip() + "\n"


def told(before: str, after: str) -> list[str]:
    """The changes without those of behaviour and symbols, which have their own tests."""
    lines = changes_of("p.py", code(before), code(after))
    return [line for line in lines if line.split()[1] not in {"behaviour", "symbol"}]


def states(text: str) -> list[str]:
    """``kind key = value [attributes]`` of all facts but behaviour and symbols, in file order."""
    return [
        f"{f.kind} {f.key} = {f.value.text}" + "".join(f" {name}:{value}" for name, value in f.attributes)
        for f in facts_of("p.py", code(text))
        if f.kind not in {FactKind.BEHAVIOUR, FactKind.SYMBOL}
    ]


def found(text: str, kind: FactKind) -> list[Fact]:
    return [fact for fact in facts_of("p.py", code(text)) if fact.kind is kind]


# -- settings -----------------------------------------------------------------------------------------------------

SETTINGS = [
    ("MAX_RETRIES = 3", "MAX_RETRIES = 5", "modified limit MAX_RETRIES: 3 -> 5"),
    ("SESSION_TTL = 60 * 60", "SESSION_TTL = 60 * 5", "modified credential_lifetime SESSION_TTL: 60 * 60 -> 60 * 5"),
    ("class C:\n    pool_size = 5", "class C:\n    pool_size = 9", "modified limit C.pool_size: 5 -> 9"),
    ("C = {'db': {'timeout': 5}}", "C = {'db': {'timeout': 9}}", "modified limit C.db.timeout: 5 -> 9"),
    (
        "class S(BaseSettings):\n    ttl: int = Field(30, description='old')",
        "class S(BaseSettings):\n    ttl: int = Field(60, description='new')",
        "modified limit S.ttl: 30 -> 60",
    ),
    ("requests.get(u, timeout=5)", "requests.get(u, timeout=9)", "modified limit get.timeout: 5 -> 9"),
    ("requests.get(u)", "requests.get(u, verify=False)", "added crypto get.verify: False"),
    ("cache = TTLCache(ttl=60)", "cache = TTLCache(ttl=5)", "modified limit cache.ttl: 60 -> 5"),
    ("def f(u, timeout=5): ...", "def f(u, timeout=9): ...", "modified limit f.timeout: 5 -> 9"),
    (
        "class A:\n    def __init__(self, max_workers=2): ...",
        "class A:\n    def __init__(self, max_workers=4): ...",
        "modified limit A.max_workers: 2 -> 4",
    ),
    (
        "def create_token(u):\n    expires = timedelta(minutes=60)\n    return sign(u, expires)",
        "def create_token(u):\n    expires = timedelta(minutes=5)\n    return sign(u, expires)",
        "modified credential_lifetime expires: timedelta(minutes=60) -> timedelta(minutes=5)",
    ),
    (
        "def issue_token(u):\n    return encode(u, expires_in=3600)",
        "def issue_token(u):\n    return encode(u, expires_in=300)",
        "modified credential_lifetime encode.expires_in: 3600 -> 300",
    ),
    ("ttl = config.get('session_ttl', 60)", "ttl = config.get('session_ttl', 5)",
     "modified credential_lifetime session_ttl: 60 -> 5"),
    ("app.config['PORT'] = 80", "app.config['PORT'] = 8080", "modified port PORT: 80 -> 8080"),
    ("ctx.check_hostname = True", "ctx.check_hostname = False", "modified crypto check_hostname: True -> False"),
    ("@app.task(time_limit=30)\ndef sync(): ...", "@app.task(time_limit=60)\ndef sync(): ...",
     "modified limit sync.time_limit: 30 -> 60"),
    ("jwt.decode(t, k, algorithms=['RS256'])", "jwt.decode(t, k, algorithms=['none'])",
     'modified crypto decode.algorithms: ["RS256"] -> ["none"]'),
    ("r.set_cookie('a', samesite='Strict')", "r.set_cookie('a', samesite='None')",
     "modified access_policy set_cookie.samesite: Strict -> None"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "change"), SETTINGS)
def test_settings(before: str, after: str, change: str) -> None:
    assert told(before, after) == [change]


def test_the_content_of_a_secret_is_never_told() -> None:
    text = "API_KEY = 'hunter2'\nclient = Client(token='hunter2', password=settings.DB_PASSWORD)\n"
    facts = facts_of("p.py", text)
    assert not any("hunter2" in f.value.text or any("hunter2" in v for _, v in f.attributes) for f in facts)
    assert [f.value.text for f in facts if f.kind is FactKind.SECRET] == [
        "literal", "literal", "settings.DB_PASSWORD",
    ]  # fmt: skip


def test_a_secret_is_named_by_its_last_word() -> None:
    assert states("TOKEN_URL = 'https://x'\nIS_TOKEN = True") == [
        "setting TOKEN_URL = https://x",
        "setting IS_TOKEN = True",
    ]


def test_pydantic_settings_are_known_by_their_environment_variable() -> None:
    text = """
        class S(BaseSettings):
            ttl: int = 3
            name: str
            model_config = SettingsConfigDict(env_prefix="APP_")
    """
    assert [
        (f.key, f.aliases) for f in facts_of("p.py", code(text)) if f.kind in {FactKind.LIMIT, FactKind.SETTING}
    ] == [
        ("S.ttl", ("APP_TTL", "ttl")),
        ("S.name", ("APP_NAME", "name")),
    ]


def test_constants_are_resolved() -> None:
    (fact,) = found("POLL_MS = 5000\nstart(poll_interval=POLL_MS)", FactKind.LIMIT)[1:]
    assert (fact.key, fact.value.number) == ("start.poll_interval", 5.0)


SILENT_SETTINGS = [
    "total = 0\nresult = None\nitems = []",
    "revision = 'a1'\ndown_revision = 'b2'",
    "x = compute()\nclass A:\n    name: str",
    "def f():\n    retries = 0\n    return retries",
    "Person.objects.filter(age__gt=18)",
    "sorted(xs, key=len, reverse=True)",
    "def _private(a=1, timeout=None): ...",
]


@pytest.mark.parametrize("text", SILENT_SETTINGS)
def test_what_is_no_setting(text: str) -> None:
    assert not any(line.split()[0] in {"limit", "port", "crypto", "access_policy", "secret"} for line in states(text))


# -- inputs -------------------------------------------------------------------------------------------------------

INPUTS = [
    ("os.environ['A']", ["env_var A =  required:yes"]),
    ("os.environ['A'] = 'x'", []),
    ("os.environ.get('A', '5')", ["env_var A = 5"]),
    ("os.getenv('A')", ["env_var A = "]),
    ("os.getenv('A') or 'b'", ["env_var A = b"]),
    ("N = int(os.environ.get('A', 4))", ["env_var A = 4"]),
    ("'A' in os.environ", ["env_var A = "]),
    ("K = 'A_B'\nos.getenv(K)", ["setting K = A_B", "env_var A_B = "]),
    ("x = config('A', default=3, cast=int)", ["env_var A = 3"]),
    ("x = config('A')", ["env_var A =  required:yes"]),
    ("x = env.bool('A', default=False)", ["env_var A = False"]),
    ("x = env.str('A')", ["env_var A =  required:yes"]),
    ("x = _get_int('APP_WORKERS', 2)", ["env_var APP_WORKERS = 2"]),
    ("maybe_set(s, 'db.url', 'DB_URL', default='x')", ["env_var DB_URL = x"]),
    ("data.get('A', 5)", []),
    ("p.add_argument('-p', '--port', type=int, default=80, help='x')", ["cli_flag port = 80"]),
    ("p.add_argument('--force', action='store_true')", ["cli_flag force = false"]),
    ("p.add_argument('--name', required=True)", ["cli_flag name =  required:yes"]),
    ("@click.command()\n@click.option('--dry/--no-dry', default=True, envvar='DRY')\ndef run_all(dry): ...",
     ["target run-all = run_all", "cli_flag dry = True", "env_var DRY = True"]),
    ("def go(n: int = typer.Option(3, '--num')): ...", ["cli_flag num = 3"]),
    ("def go(dry_run: Annotated[bool, typer.Option()] = False): ...", ["cli_flag dry-run = False"]),
    ("sub.add_parser('resync')", ["target resync = "]),
    ("flag_is_active(request, 'new_ui')", ["feature_flag new_ui = "]),
    ("client.variation('new-ui', ctx, False)", ["feature_flag new-ui = False"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), INPUTS)
def test_inputs(text: str, expected: list[str]) -> None:
    assert states(text) == expected


def test_helpers_that_look_like_readers_are_believed_less() -> None:
    (fact,) = found("x = _get_int('APP_WORKERS', 2)", FactKind.ENV_VAR)
    assert fact.confidence is Confidence.MEDIUM
    assert fact.aliases == ("x",)


# -- access -------------------------------------------------------------------------------------------------------

GUARDS = [
    ("@login_required\ndef f(): ...", ["guard f = login_required form:decorator name:login_required"]),
    ("@auth.require_role('admin')\ndef f(): ...",
     ['guard f = auth.require_role("admin") form:decorator name:require_role requires:"admin"']),
    ("@method_decorator(login_required, name='get')\nclass V: ...",
     ['guard V = method_decorator(login_required, name="get") form:decorator name:login_required requires:name="get"']),
    ("@view_config(route_name='x', permission='edit')\ndef f(r): ...",
     ['guard f = permission="edit" form:policy name:permission requires:"edit"']),
    ("@cached\n@property\ndef f(self): ...", []),
    ("def f(u=Depends(get_current_user), db=Depends(get_db)): ...",
     ["guard f = Depends(get_current_user) form:policy name:get_current_user"]),
    ("def f(u=Security(scheme, scopes=['a'])): ...",
     ['guard f = Security(scheme, scopes=["a"]) form:policy name:scheme requires:scopes=["a"]']),
    ("class V(APIView):\n    permission_classes = [IsAuthenticated, IsOwner]",
     ["guard V = IsAuthenticated form:policy name:IsAuthenticated", "guard V = IsOwner form:policy name:IsOwner"]),
    ("class V(LoginRequiredMixin, View): ...",
     ["guard V = LoginRequiredMixin form:policy name:LoginRequiredMixin"]),
    ("MIDDLEWARE = ['a.SecurityMiddleware', 'b.GZipMiddleware']",
     ["guard MIDDLEWARE = a.SecurityMiddleware form:middleware name:SecurityMiddleware"]),
    ("def f(u):\n    if not u.is_admin:\n        abort(403)",
     ["guard f = not u.is_admin form:check name:abort requires:403", "error abort 403 = raised error:403"]),
    ("def f(u):\n    if not u.ok:\n        return Response(status=403)",
     ["guard f = not u.ok form:check name:Response requires:403"]),
    ("def f(u):\n    if u.ok:\n        go()\n    else:\n        raise PermissionDenied",
     ["guard f = u.ok form:check name:PermissionDenied",
      "error raise PermissionDenied = raised error:PermissionDenied"]),
    ("async def f(r):\n    await assert_requester_is_admin(r)",
     ["guard f = assert_requester_is_admin() form:check name:assert_requester_is_admin"]),
    ("async def f(self, r):\n    u = await self.auth.get_user_by_req(r, allow_guest=True)",
     ["guard f = auth.get_user_by_req(allow_guest=True) form:check name:get_user_by_req requires:allow_guest=True"]),
    ("def f(u):\n    if u.debug:\n        return None", []),
    ("def f(u):\n    check_disk(u)\n    validate_user(u)", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), GUARDS)
def test_guards(text: str, expected: list[str]) -> None:
    assert states(text) == expected


def test_a_lost_guard() -> None:
    before = "@app.post('/users')\n@login_required\ndef create():\n    return save()"
    after = "@app.post('/users')\ndef create():\n    return save()"
    assert told(before, after) == [
        "modified route POST /users: create -> create",
        "removed guard create: login_required",
    ]


ROUTES = [
    ("@app.route('/u/<int:id>', methods=['GET', 'POST'])\ndef u(id): ...", ["GET /u/{id}", "POST /u/{id}"]),
    ("@app.route('/u')\ndef u(): ...", ["GET /u"]),
    ("router = APIRouter(prefix='/v1')\n@router.get('/u/{id:int}')\ndef u(id): ...", ["ANY /v1", "GET /v1/u/{id}"]),
    ("urlpatterns = [path('u/<int:id>/', views.u), re_path(r'^v/(?P<id>\\d+)$', V.as_view())]",
     ["ANY /u/{id}/", "ANY /v/{id}"]),
    ("p = [path('api/', include([path('u/', u)])), path('x/', include('x.urls'))]",
     ["ANY /api/", "ANY /api/u/", "ANY /x/"]),
    ("router.register(r'users', UserViewSet)", ["ANY /users"]),
    ("app.router.add_get('/u', h)", ["GET /u"]),
    ("config.add_route('home', '/home/')", ["ANY /home/"]),
    ("class S(Servlet):\n    PATTERNS = client_patterns(r'/a\\.b/(?P<id>[^/]*)$')", ["ANY /a.b/{id}"]),
    ("cache.get('/tmp/x')\nclient.get('/users')\nos.path.join('a', 'b')", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ROUTES)
def test_routes(text: str, expected: list[str]) -> None:
    assert [fact.key for fact in found(text, FactKind.ROUTE)] == expected


def test_a_route_knows_the_guards_of_its_handler_and_router() -> None:
    text = """
        User = Annotated[Account, Depends(current_user)]
        router = APIRouter(dependencies=[Depends(verify_token)])

        @router.get("/x")
        @requires_role("ops")
        def x(user: User, db=Depends(get_db)): ...
    """
    assert [f.attribute("guards") for f in found(text, FactKind.ROUTE)] == ["current_user,requires_role,verify_token"]


# -- operations ---------------------------------------------------------------------------------------------------

OPERATIONS = [
    ("Counter('flushes', 'Help', ['tenant'], namespace='a', subsystem='b')",
     ["metric a_b_flushes_total = counter labels:tenant"]),
    ("Counter('flushes_total', 'Help')", ["metric flushes_total = counter"]),
    ("NS = 'a'\nGauge(f'{NS}_depth', documentation='Help')", ["setting NS = a", "metric a_depth = gauge"]),
    ("Histogram('wait', 'Help', unit='seconds', labelnames=('b', 'a'))",
     ["metric wait_seconds = histogram labels:a,b"]),
    ("Counter('abracadabra')\nCounter(words)", []),
    ("statsd.incr('a.b', tags=['kind:x'])", ["metric a.b = counter labels:kind"]),
    ("self.metrics.timing(f'a.{name}')", ["metric a.{} = histogram"]),
    ("BEAT = {'clean': {'schedule': crontab(hour=3)}}", ["schedule BEAT.clean.schedule = crontab(hour=3)"]),
    ("@huey.periodic_task(crontab(minute='0'))\ndef hourly(): ...", ['schedule hourly = crontab(minute="0")']),
    ("scheduler.add_job(f, 'interval', minutes=5, id='sync')", ["schedule sync = interval, minutes=5"]),
    ("dag = DAG('x', schedule_interval='@daily')", ["schedule dag.schedule_interval = @daily"]),
    ("hashlib.md5(x)", ["crypto hash = md5"]),
    ("hashlib.new('sha1')", ["crypto hash = sha1"]),
    ("bcrypt.gensalt(12)", ["crypto gensalt.rounds = 12"]),
    ("s3.Bucket('invoices')", ["storage_name bucket = invoices"]),
    ("def main():\n    sys.exit(3)", ["exit_code main = 3"]),
    ("def main():\n    raise typer.Exit(code=2)", ["exit_code main = 2"]),
    ("sys.exit('broken')", ["exit_code <module> = 1"]),
    ("sys.exit(main())", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OPERATIONS)
def test_operations(text: str, expected: list[str]) -> None:
    assert states(text) == expected


MESSAGES = [
    ("logger.info('got %s from %s', n, user.name)", ["log_call got {} from {} = n, user.name level:info"]),
    ("logger.warning(f'got {n!r}')", ["log_call got {} = n level:warning"]),
    ("log.error('got {}'.format(n))", ["log_call got {} = n level:error"]),
    ("self._logger.exception('failed')", ["log_call failed =  level:error"]),
    ("LOG.debug('a ' 'b')", ["log_call a b =  level:debug"]),
    ("log.info('login', user_id=u.id, exc_info=True)", ["log_call login = user_id=u.id level:info"]),
    ("logger.info('in %s', request.body)", ["log_call in {} = request.body level:info payload:request.body"]),
    ("logger.info('pw %s', password)", ["log_call pw {} = password level:info payload:password"]),
    ("logger.info('len %s, %s', len(data), redact(token))",
     ["log_call len {}, {} = len(data), redact(token) level:info"]),
    ("messages.error(request, 'x')\nmath.log(2)\nparser.error('x')", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MESSAGES)
def test_log_calls(text: str, expected: list[str]) -> None:
    assert states(text) == expected


ERRORS = [
    ("try:\n    f()\nexcept ValueError:\n    pass", ["error except ValueError = swallowed"]),
    ("try:\n    f()\nexcept (B, A) as e:\n    return None", ["error except A, B = returned"]),
    ("try:\n    f()\nexcept:\n    raise", ["error except = raised"]),
    ("try:\n    f()\nexcept E as e:\n    raise X('no') from e",
     ["error except E = raised error:X", "error raise X = raised error:no"]),
    ("try:\n    f()\nexcept E:\n    logger.error('x')",
     ["error except E = logged", "log_call x =  level:error"]),
    ("try:\n    f()\nexcept E:\n    self.retry()", ["error except E = retried"]),
    ("try:\n    f()\nexcept E:\n    sys.exit(1)", ["error except E = exits", "exit_code <module> = 1"]),
    ("try:\n    f()\nexcept E:\n    g()", ["error except E = handled"]),
    ("raise HTTPException(status_code=404, detail='no %s')",
     ["error raise HTTPException 404 = raised error:no {}"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_errors(text: str, expected: list[str]) -> None:
    assert states(text) == expected


# -- data ---------------------------------------------------------------------------------------------------------

DATA = [
    ("class U(Base):\n    __tablename__ = 'users'\n    email = Column(String(50), nullable=False)",
     ["table users = ", "column users.email = String(50) nullable:no"]),
    ("class U(Base):\n    __tablename__ = 'users'\n    email: Mapped[str | None] = mapped_column(index=True)",
     ["table users = ", "column users.email = str | None, index=True"]),
    ("class U(models.Model):\n    email = models.EmailField(_('e-mail'), help_text='x', null=True)",
     ["column u.email = EmailField() nullable:yes"]),
    ("class F(forms.Form):\n    email = forms.CharField()", []),
    ("def upgrade():\n    op.add_column('users', sa.Column('email', sa.Text(), nullable=True))",
     ["column users.email = sa.Text() nullable:yes"]),
    ("def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer()))",
     ["table users = ", "column users.id = sa.Integer()"]),
    ("def upgrade():\n    op.drop_column('users', 'email')", ["destructive drop_column users.email = "]),
    ("def upgrade():\n    with op.batch_alter_table('users') as batch_op:\n        batch_op.drop_column('email')",
     ["destructive drop_column users.email = "]),
    ("def upgrade():\n    op.create_index(op.f('ix_a'), 'users', ['a'])", ['index ix_a = users ["a"]']),
    ("def downgrade():\n    op.drop_table('users')\n    op.execute('DROP TABLE users')", []),
    ("migrations.AddField('user', 'email', models.TextField())", ["column user.email = TextField()"]),
    ("migrations.RemoveField(model_name='User', name='email')", ["destructive drop_column user.email = "]),
    ("migrations.DeleteModel(name='User')", ["destructive drop_table user = "]),
    ("db.execute('DELETE FROM sessions WHERE old')", ["destructive delete_from sessions = "]),
    ("db.execute('ALTER TABLE users DROP COLUMN email')", ["destructive drop_column users.email = "]),
    ("x = 'please delete from the list'\n'''DROP TABLE users'''", ["setting x = please delete from the list"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DATA)
def test_data(text: str, expected: list[str]) -> None:
    assert states(text) == expected


# -- silence ------------------------------------------------------------------------------------------------------

FUNCTION = """
    def charge(user, amount, retries=3):
        total = amount + 1
        if not user.active:
            raise Inactive("no")
        return send(user, total, timeout=30)
"""
COSMETIC = [
    ("x = {'a': 1,\n     'b': [1, 2,]}", 'x = {"a": 1, "b": [1, 2]}'),
    ("LIMIT = 0XFF\nRATE = 1E5\nHALF = .5", "LIMIT = 0xff\nRATE = 1e5\nHALF = 0.5"),
    ("T = ('abc'\n     'def')", 'T = "abc" "def"'),
    ("LIMIT = (30)", "LIMIT = 30  # thirty"),
    (FUNCTION, FUNCTION.replace("total", "whole")),
    (FUNCTION, FUNCTION.replace("def charge(user, amount, retries=3):",
                                "def charge(user: User, amount: int, retries: int = 3) -> Receipt:")),
    (FUNCTION, FUNCTION.replace("total = ", "total: int = ")),
    (FUNCTION, FUNCTION.replace("        total", '        """Charge."""\n        total', 1)),
    (FUNCTION, FUNCTION.replace("(user, total, timeout=30)",
                                "(\n            user,\n            total,\n            timeout=30,\n        )")),
    (FUNCTION, FUNCTION.replace("if not user.active", "if (not user.active)")),
    ("def f():\n    for (a, b) in xs:\n        del (a)\n    return (a, b)",
     "def f():\n    for a, b in xs:\n        del a\n    return a, b"),
    ("def f():\n    with (open(a)) as g: pass\n    print(g)",
     "def f():\n    with open(a) as g:\n        pass\n    print(g)"),
    ("def f():\n    total = a + \\\n        b\n    return total", "def f():\n    total = a + b\n    return total"),
    ("class A(): pass", "class A:\n    pass"),
    ("import b\nimport a\nX = 1", "import a\nimport b\n\nX = 1"),
    ("def a(): return 1\n\ndef b(): return 2", "def b():\n    return 2\n\n\ndef a():\n    return 1"),
    ("D = {'a': 1, 'b': 2}", "D = {'b': 2, 'a': 1}"),
    ("class M(models.Model):\n    a = models.TextField(help_text='x')",
     "class M(models.Model):\n    a = models.TextField(help_text='y')"),
    ("def f(p):\n    p.add_argument('--a', help='x')", "def f(p):\n    p.add_argument('--a')"),
    ("p.add_argument('--a', help='x')", "p.add_argument(\n    '--a',\n    help='y',\n)"),
    ("Counter('a', 'Help', ['x'])", "Counter(\n    'a',\n    'Other help',\n    ['x'],\n)"),
    ("def f(k):\n    session_timeout = 30\n    return k(session_timeout)",
     "def f(k):\n    session_expiry = 30\n    return k(session_expiry)"),
    ("@app.get('/a')\nasync def a(): return 1", '@app.get(\n    "/a",\n)\nasync def a():\n    return 1'),
    ("__version__ = '1'\n__all__ = ['a']", "__version__ = '2'\n__all__ = ['a', 'b']"),
]  # fmt: skip


def _settings_module(names: list[str], order: list[str]) -> str:
    return "".join(f"{name} = {names.index(name)}\n" for name in order)


@pytest.mark.parametrize(("before", "after"), COSMETIC)
def test_cosmetic_changes_change_no_fact(before: str, after: str) -> None:
    assert changes_of("p.py", code(before), code(after)) == []


@given(st.permutations(["MAX_A", "PORT_B", "C_TTL", "D_LIMIT", "E"]))
def test_reordered_settings_change_nothing(order: list[str]) -> None:
    names = ["MAX_A", "PORT_B", "C_TTL", "D_LIMIT", "E"]
    assert changes_of("p.py", _settings_module(names, names), _settings_module(names, order)) == []


BEHAVIOUR = [
    ("def f(a):\n    if a:\n        x()\n        y()", "def f(a):\n    if a:\n        x()\n    y()"),
    ("def f(a, b):\n    return (a + b) * 2", "def f(a, b):\n    return a + b * 2"),
    ("def f():\n    a = 1\n    return g(a=a)", "def f():\n    a = 1\n    return g(b=a)"),
    ("def f():\n    a = 1\n    return a.b", "def f():\n    a = 1\n    return a.c"),
    ("@cached\ndef f(): return 1", "def f(): return 1"),
    ("def f():\n    return 1,", "def f():\n    return 1"),
    ("def f():\n    global A\n    A = g()", "def f():\n    global B\n    B = g()"),
]


@pytest.mark.parametrize(("before", "after"), BEHAVIOUR)
def test_changed_behaviour_is_seen(before: str, after: str) -> None:
    lines = changes_of("p.py", code(before), code(after))
    assert [line.split(":")[0] for line in lines] == ["modified behaviour f"]


def test_signatures_and_names() -> None:
    before, after = "def run(a, b=1):\n    return g(a, b)\n", "def run(a, *, b=2):\n    return g(a, b)\n"
    assert changes_of("p.py", before, after) == ["modified symbol run: (a, b=1) -> (a, *, b=2)"]
    renamed = changes_of("p.py", "def run(a):\n    return g(a, 1)\n", "def start(a):\n    return g(a, 1)\n")
    assert renamed == ["renamed symbol run => start: (a) -> (a)"]
    private = changes_of("p.py", "def _a(): return 1\n", "def _b(): return 1\n")
    assert [line.split()[1] for line in private] == ["behaviour", "behaviour"]


def test_module_statements_are_behaviour_unless_another_fact_states_them() -> None:
    assert [line[:27] for line in changes_of("p.py", "start(1)\n", "start(2)\n")] == ["modified behaviour <module>"]
    assert changes_of("p.py", "W = int(os.getenv('W', 1))\n", "W = int(os.getenv('W', 2))\n") == [
        "modified env_var W: 1 -> 2"
    ]


# -- hostile and broken -------------------------------------------------------------------------------------------


def test_broken_syntax_is_partial_and_read_as_far_as_possible() -> None:
    reading = load("python").read(Side("p.py", "after", b"MAX_RETRIES = 3\n\ndef f(:\n    pass\n", ((1, 4),)))
    assert reading.partial == "syntax errors near line 3"
    assert "MAX_RETRIES" in {fact.key for fact in reading.facts}


@pytest.mark.parametrize(
    "data",
    [
        b"x = " + b"(\n" * 3000 + b"1" + b")" * 3000,
        b"f(\n" * 2000 + b")" * 2000,
        b"X = " + b"{'a':\n" * 2000 + b"1" + b"}" * 2000,
        b"X = " + b"1 +\n" * 3000 + b"1",
        b"(" * 2000 + b"a," + b")," * 2000 + b" = 1\n",
        b"".join(b" " * i + b"class A:\n" for i in range(200)) + b" " * 200 + b"x = 1\n",
        b"A = (B)\nB = (A)\nf(timeout=A)\nlogger.info(A)\nos.getenv(A)\n",
        b"logger.info('" + b"%(" * 8000 + b"')\nx = '" + b"{" * 8000 + b"'\n",
        bytes(range(256)) * 200,
        b"\xff\xfe\x00",
        b"",
    ],
    ids=[
        "parentheses",
        "calls",
        "dictionaries",
        "sum",
        "pattern",
        "classes",
        "cycle",
        "braces",
        "bytes",
        "bom",
        "empty",
    ],
)
def test_hostile_content_is_survived_in_time(data: bytes) -> None:
    started = time.process_time()
    load("python").read(Side("p.py", "after", data, ((1, data.count(b"\n") + 1),)))
    assert time.process_time() - started < 5


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    data = text.encode("utf-8", "replace")
    load("python").read(Side("p.py", "after", data, ((1, data.count(b"\n") + 1),)))


def test_cost_grows_with_the_change() -> None:
    text = "".join(f"def f{i}(a):\n    logger.info('x %s', a)\n    return g(a, timeout={i})\n\n" for i in range(500))
    side = Side("p.py", "after", text.encode(), ((1000, 1003),))
    facts = load("python").read(side).facts
    assert {fact.span.start_line for fact in facts} <= set(range(995, 1008))
