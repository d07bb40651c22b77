"""What Go source states, case by case; and what must stay silent."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.languages import Side, load
from analyzers.model import Fact, FactKind
from tests.facts_helper import changes_of, facts_of


def go(body: str) -> str:
    """A file around declarations."""
    return f"package p\n\n{body.strip()}\n"


def func(body: str, signature: str = "(s *Server) run(ctx context.Context, id string) error") -> str:
    """A file with one function around statements."""
    return go(f"func {signature} {{\n{body}\n}}")


def found(text: str, kind: FactKind) -> list[Fact]:
    return [fact for fact in facts_of("p.go", text) if fact.kind is kind]


def told(before: str, after: str) -> list[str]:
    """The changes without those of behaviour and symbols, which have their own tests."""
    return [line for line in changes_of("p.go", before, after) if line.split()[1] not in {"behaviour", "symbol"}]


SETTINGS = [
    ("const maxRetries = 3", "const maxRetries = 5", "modified limit maxRetries: 3 -> 5"),
    (
        "var pollEvery = 5 * time.Minute",
        "var pollEvery = 15 * time.Minute",
        "modified limit pollEvery: 5*time.Minute -> 15*time.Minute",
    ),
    (
        "const (\n\tA = 1\n\tdefaultPort = 8080\n)",
        "const (\n\tA = 1\n\tdefaultPort = 9090\n)",
        "modified port defaultPort: 8080 -> 9090",
    ),
    (
        "var d = Config{SessionTTL: time.Hour}",
        "var d = Config{SessionTTL: 5 * time.Minute}",
        "modified credential_lifetime Config.SessionTTL: time.Hour -> 5*time.Minute",
    ),
    (
        "var c = tls.Config{MinVersion: tls.VersionTLS12}",
        "var c = tls.Config{MinVersion: tls.VersionTLS10}",
        "modified crypto tls.Config.MinVersion: tls.VersionTLS12 -> tls.VersionTLS10",
    ),
    (
        "var c = &tls.Config{}",
        "var c = &tls.Config{\n\tInsecureSkipVerify: true,\n}",
        "added crypto tls.Config.InsecureSkipVerify: true",
    ),
    (
        'var names = []string{"a", "b"}',
        'var names = []string{"a", "b", "c"}',
        "modified setting names: [a, b] -> [a, b, c]",
    ),
    (
        'var hosts = map[string]int{"x": 1}\nvar defaultLimits = map[string]int{"reads": 10}',
        'var hosts = map[string]int{"x": 2}\nvar defaultLimits = map[string]int{"reads": 20}',
        "modified setting defaultLimits.reads: 10 -> 20",
    ),
    (
        'type Config struct {\n\tA int `yaml:"a"`\n}',
        'type Config struct {\n\tA int `yaml:"a"`\n\tStaleAfter time.Duration `yaml:"stale_after"`\n}',
        "added setting Config.StaleAfter",
    ),
    (
        'type Config struct {\n\tA int `yaml:"a"`\n}',
        'type Config struct {\n\tA int `yaml:"b"`\n}',
        "modified setting Config.A: - -> -",
    ),
    (
        "func (c *Config) setDefaults() {\n\tc.Ring.Replicas = 3\n}",
        "func (c *Config) setDefaults() {\n\tc.Ring.Replicas = 5\n}",
        "modified limit Config.Ring.Replicas: 3 -> 5",
    ),
    (
        "func f() {\n\tctx, cancel := context.WithTimeout(ctx, 30*time.Second)\n}",
        "func f() {\n\tctx, cancel := context.WithTimeout(ctx, time.Minute)\n}",
        "modified limit context.WithTimeout: 30*time.Second -> time.Minute",
    ),
    (
        "func f() {\n\tpause := 2 * time.Second\n}",
        "func f() {\n\tpause := 9 * time.Second\n}",
        "modified limit f duration: 2*time.Second -> 9*time.Second",
    ),
    (
        "func f() {\n\tdb.SetMaxOpenConns(25)\n}",
        "func f() {\n\tdb.SetMaxOpenConns(50)\n}",
        "modified limit db.SetMaxOpenConns: 25 -> 50",
    ),
    (
        'func f() {\n\thttp.ListenAndServe(":8080", nil)\n}',
        'func f() {\n\thttp.ListenAndServe(":9090", nil)\n}',
        "modified port http.ListenAndServe: 8080 -> 9090",
    ),
    (
        "func f() {\n\tbcrypt.GenerateFromPassword(pw, 12)\n}",
        "func f() {\n\tbcrypt.GenerateFromPassword(pw, 4)\n}",
        "modified crypto bcrypt.GenerateFromPassword cost: 12 -> 4",
    ),
    ("func main() {\n\tos.Exit(1)\n}", "func main() {\n\tos.Exit(3)\n}", "modified exit_code main: 1 -> 3"),
]


@pytest.mark.parametrize(("before", "after", "expected"), SETTINGS)
def test_settings(before: str, after: str, expected: str) -> None:
    assert told(go(before), go(after)) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "const (\n\tA = iota\n\tB\n)",
        'const usageText = "how to run it"',
        "var x = y",
        "var x = f(3)",
        'func f() {\n\ts.closed = true\n\tresp.Code = 200\n\tmsg := "x"\n}',
        'type Reply struct {\n\tSize int `json:"size"`\n}',
        'var r = Reply{Size: 0, Name: "x"}',
    ],
)
def test_no_setting(text: str) -> None:
    kinds = {fact.kind for fact in facts_of("p.go", go(text))}
    assert kinds <= {FactKind.SYMBOL, FactKind.BEHAVIOUR}


def test_columns_of_object_relational_tags() -> None:
    email = 'Email string `bun:",nullzero,notnull,unique"`'
    nick = 'Nick string `gorm:"column:nick;type:text"`'
    text = go(f"type User struct {{\n\t{email}\n\t{nick}\n}}")
    columns = {f.key: (f.value.text, f.attribute("nullable")) for f in found(text, FactKind.COLUMN)}
    assert columns == {"user.email": ("string", "no"), "user.nick": ("text", "")}


FLAGS = [
    (
        'func f() {\n\tflag.IntVar(&cfg.Size, "queue.size", 10, "how long")\n}',
        "queue.size",
        "10",
        {"--queue.size", "cfg.Size", "Size"},
    ),
    (
        "func (cfg *Config) Reg(prefix string, f *flag.FlagSet) {\n"
        '\tf.DurationVar(&cfg.Idle, prefix+".idle-period", time.Hour, "idle")\n}',
        "idle-period",
        "time.Hour",
        {"-idle-period", "Config.Idle", "*.idle-period"},
    ),
    (
        'type Config struct {\n\tIdle time.Duration `yaml:"idle_period"`\n}\n\n'
        'func (c *Config) Reg(f *flag.FlagSet) {\n\tf.DurationVar(&c.Idle, "idle", 5*time.Second, "")\n}',
        "idle",
        "5*time.Second",
        {"Config.Idle", "idle_period"},
    ),
    ('func f() {\n\tcmd.Flags().StringP("output", "o", "json", "format")\n}', "output", "json", {"--output"}),
    (
        'func f() {\n\tcmd.PersistentFlags().BoolVarP(&opts.dry, "dry-run", "n", false, "do nothing")\n}',
        "dry-run",
        "false",
        {"opts.dry"},
    ),
    (
        'func f() {\n\tapp.Flag("wal.dir", "where").Envar("WAL_DIR").Default("/data").StringVar(&dir)\n}',
        "wal.dir",
        "/data",
        {"WAL_DIR"},
    ),
    (
        'var f = &cli.StringFlag{Name: "token-ttl, t", Value: "1h", EnvVars: []string{"TOKEN_TTL"}, Usage: "x"}',
        "token-ttl",
        "1h",
        {"TOKEN_TTL", "t"},
    ),
    ('func f() {\n\tfs.Var(&cfg.Key, "sign.key", "the key")\n}', "sign.key", "", {"cfg.Key"}),
    (
        'func f() {\n\tcmd.Flags().IntVar(&n, "max", env.ParseNumFromEnv("MAX_N", 7, 0, 9), "help")\n}',
        "max",
        "7",
        {"MAX_N"},
    ),
]


@pytest.mark.parametrize(("text", "name", "default", "aliases"), FLAGS)
def test_flags(text: str, name: str, default: str, aliases: set[str]) -> None:
    (flag,) = found(go(text), FactKind.CLI_FLAG)
    assert (flag.key, flag.value.text) == (name, default)
    assert aliases <= set(flag.aliases)


@pytest.mark.parametrize(
    "call", ['zap.String("key", value)', 'x.Int("n", 1)', 'slog.Duration("took", d)', 'attribute.String("a", b)']
)
def test_no_flag(call: str) -> None:
    assert not found(func(f"\tuse({call})"), FactKind.CLI_FLAG)


ENVIRONMENT = [
    ('x := os.Getenv("API_URL")', "API_URL", "", ""),
    ('x, ok := os.LookupEnv("API_URL")', "API_URL", "", ""),
    ('x := getEnvOrDefault("WORKERS", 4)', "WORKERS", "4", ""),
    ('x := mustGetenv("DB_DSN")', "DB_DSN", "", "yes"),
    ('viper.BindEnv("api.url", "API_URL")', "API_URL", "", ""),
]


@pytest.mark.parametrize(("statement", "name", "default", "required"), ENVIRONMENT)
def test_environment(statement: str, name: str, default: str, required: str) -> None:
    (variable,) = found(func("\t" + statement), FactKind.ENV_VAR)
    assert (variable.key, variable.value.text, variable.attribute("required")) == (name, default, required)


def test_tags_name_environment_variable_and_default() -> None:
    text = go('type Config struct {\n\tTTL time.Duration `env:"SESSION_TTL" envDefault:"15m"`\n}')
    (variable,) = found(text, FactKind.ENV_VAR)
    assert (variable.key, variable.value.number) == ("SESSION_TTL", 900)
    (lifetime,) = found(text, FactKind.CREDENTIAL_LIFETIME)
    assert lifetime.key == "Config.TTL" or lifetime.aliases


METRICS = [
    (
        'prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "app", Subsystem: "queue", '
        'Name: "jobs_total", Help: "h"}, []string{"tenant", "kind"})',
        "app_queue_jobs_total",
        "counter",
        "tenant,kind",
    ),
    (
        'promauto.With(reg).NewHistogram(prometheus.HistogramOpts{Namespace: ns, Name: "wait_seconds"})',
        "app_wait_seconds",
        "histogram",
        "",
    ),
    (
        'prometheus.NewDesc(prometheus.BuildFQName(ns, "pool", "size"), "help", []string{"pool"}, nil)',
        "app_pool_size",
        "",
        "pool",
    ),
    ('promauto.NewGaugeFunc(prometheus.GaugeOpts{Name: "up"}, func() float64 { return 1 })', "up", "gauge", ""),
    (
        'metrics.NewSummaryVec(&metrics.SummaryOpts{Subsystem: "s", Name: "n"}, []string{label})',
        "s_n",
        "summary",
        "zone",
    ),
    ('meter.Int64Counter("http.requests", metric.WithUnit("1"))', "http.requests", "counter", ""),
]


@pytest.mark.parametrize(("expression", "name", "kind", "labels"), METRICS)
def test_metrics(expression: str, name: str, kind: str, labels: str) -> None:
    (metric,) = found(go(f'const ns = "app"\nconst label = "zone"\n\nvar m = {expression}'), FactKind.METRIC)
    assert (metric.key, metric.value.text, metric.attribute("labels")) == (name, kind, labels)


def test_unknown_namespace_leaves_the_name() -> None:
    (metric,) = found(
        go('var m = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: constants.App, Name: "up"})'), FactKind.METRIC
    )
    assert metric.key == "up"
    assert {"app_up", "*_up"} <= set(metric.aliases)


LOGS = [
    (
        'level.Error(s.logger).Log("msg", "flush failed", "block", id, "err", err)',
        "flush failed",
        "error",
        "block, err",
    ),
    (
        's.log.WithField("user", u).WithError(err).Warnf("cannot load %s: %v", id, s.cfg.Name)',
        "cannot load {}: {}",
        "warning",
        "user, error, cfg.Name",
    ),
    ('zap.L().Info("ready", zap.String("addr", a), zap.Error(err))', "ready", "info", "addr, error"),
    ('slog.ErrorContext(ctx, "lost lease", "holder", h)', "lost lease", "error", "holder"),
    ('klog.V(2).InfoS("synced", "pod", p)', "synced", "info", "pod"),
    ('logger.Error(err, "unable to patch", "name", n)', "unable to patch", "error", "name"),
    ('log.Printf("listening on %d", port)', "listening on {}", "info", ""),
    ('log.Error().Err(err).Str("id", id).Msg("no such tenant")', "no such tenant", "error", "error, id"),
    ('sugar.Warnw("slow", "took", d)', "slow", "warning", "took"),
]


@pytest.mark.parametrize(("call", "message", "level", "names"), LOGS)
def test_log_calls(call: str, message: str, level: str, names: str) -> None:
    (log,) = found(func("\t" + call), FactKind.LOG_CALL)
    assert (log.key, log.attribute("level"), log.value.text) == (message, level, names)


@pytest.mark.parametrize(
    ("call", "payload"),
    [
        ('log.Printf("got %s", body)', "body"),
        ('slog.Info("login", "password", pw)', "password"),
        ('logger.Debug("in", zap.Any("headers", r.Header))', "headers"),
        ('log.Printf("got %d bytes", len(body))', ""),
        ('slog.Info("login", "token", redact(token))', ""),
        ('slog.Info("login", "user", id)', ""),
    ],
)
def test_log_payload(call: str, payload: str) -> None:
    (log,) = found(func("\t" + call), FactKind.LOG_CALL)
    assert log.attribute("payload") == payload


@pytest.mark.parametrize(
    "call", ['fmt.Errorf("x %v", y)', 't.Error("x")', 'http.Error(w, "x", 500)', 'catalog.Info("x")']
)
def test_no_log_call(call: str) -> None:
    assert not found(func("\t" + call), FactKind.LOG_CALL)


OUTCOMES = [
    ("return nil, err", "returned"),
    ('return nil, errors.Wrap(err, "load")', "returned"),
    ("return nil, ErrGone", "returned"),
    ("return nil, nil", "swallowed"),
    ("continue", "swallowed"),
    ("", "swallowed"),
    ('log.Println("x", err)\ncontinue', "logged"),
    ('level.Error(logger).Log("msg", "x", "err", err)\nreturn nil, nil', "logged"),
    ("panic(err)", "raised"),
    ("log.Fatal(err)", "exits"),
    ("os.Exit(1)", "exits"),
    ("errs = append(errs, err)", "returned"),
    ("http.Error(w, err.Error(), 500)\nreturn", "returned"),
    ("w.WriteHeader(http.StatusBadGateway)\nreturn", "returned"),
    ("backoff.Wait()\ncontinue", "retried"),
    ("ch <- err", "returned"),
    ("if os.IsNotExist(err) {\nreturn nil, err\n} else {\nreturn nil, wrap(err)\n}", "returned"),
]


@pytest.mark.parametrize(("body", "outcome"), OUTCOMES)
def test_error_handling(body: str, outcome: str) -> None:
    text = func(f"\tx, err := s.store.Load(id)\n\tif err != nil {{\n{body}\n}}\n\treturn x, nil")
    assert [f.value.text for f in found(text, FactKind.ERROR) if f.key == "err != nil store.Load"] == [outcome]


def test_bare_return_of_a_named_result() -> None:
    text = go("func f() (err error) {\n\terr = g()\n\tif err != nil {\n\t\treturn\n\t}\n\treturn nil\n}")
    assert [(f.key, f.value.text) for f in found(text, FactKind.ERROR)] == [("err != nil g", "returned")]


def test_error_that_is_now_only_logged() -> None:
    before = func("""
	for _, id := range s.ids {
		meta, err := s.local.Meta(ctx, id)
		if err != nil {
			if err == backend.ErrGone {
				err = s.local.Clear(id)
				if err != nil {
					return errors.Wrapf(err, "clearing %v", id)
				}
				continue
			}

			return err
		}
		use(meta)
	}
	return nil""")
    after = func("""
	for _, id := range s.ids {
		meta, err := s.local.Meta(ctx, id)
		if err != nil {
			if err == backend.ErrGone {
				err = s.local.Clear(id)
				if err != nil {
					return errors.Wrapf(err, "clearing %v", id)
				}
			} else {
				level.Error(log.Logger).Log("msg", "cannot read meta, going on", "block", id, "err", err)
				failures.Inc()
			}

			continue
		}
		use(meta)
	}
	return nil""")
    changes = told(before, after)
    assert "modified error err != nil local.Meta: returned -> logged" in changes
    assert "added log_call cannot read meta, going on: block, err" in changes


def test_same_call_in_two_places_is_not_confused() -> None:
    first = "\tif err := save(a); err != nil {\n\t\treturn err\n\t}\n"
    second = '\tif err := save(b); err != nil {\n\t\tlog.Println("x", err)\n\t}\n'
    assert told(
        func(first + "\tq()\n" * 9 + "\treturn nil"), func(second + "\tq()\n" * 9 + first + "\treturn nil")
    ) == [
        "added error err != nil save: logged",
        "added log_call x",
    ]


def test_messages() -> None:
    text = func('\treturn status.Errorf(codes.PermissionDenied, "no access to %q", id)')
    (error,) = found(text, FactKind.ERROR)
    assert (error.key, error.value.text, error.attribute("error")) == (
        "no access to {}",
        "raised",
        "codes.PermissionDenied",
    )


ROUTES = [
    ('http.HandleFunc("/ready", s.ready)', "ANY /ready", "ready", ""),
    ('mux.Handle("GET /users/{id}", auth.Wrap(http.HandlerFunc(s.user)))', "GET /users/{id}", "user", "auth.Wrap"),
    ('r.GET("/admin", requireAdmin(), s.admin)', "GET /admin", "admin", "requireAdmin()"),
    ('r.HandleFunc("/flush", s.flush).Methods("POST")', "POST /flush", "flush", ""),
    ('r.Path("/x").Methods(http.MethodPut).HandlerFunc(s.put)', "PUT /x", "put", ""),
    ('attach(http.MethodDelete, "/x/:id", s.remove)', "DELETE /x/:id", "remove", ""),
    ('r.Handle("/q", s.AuthMiddleware.Wrap(http.HandlerFunc(s.q)))', "ANY /q", "q", "AuthMiddleware.Wrap"),
    ('h := http.HandlerFunc(s.late)\n\tr.Handle("/late", h)', "ANY /late", "late", ""),
    ('r.Handle("/proxy", NewProxy(s.backends, s.logger))', "ANY /proxy", "NewProxy", ""),
    ('r.With(jwtAuth).Get("/me", s.me)', "GET /me", "me", "jwtAuth"),
    ('a.RegisterRoute("/ring", s.ring, false, "GET")', "GET /ring", "ring", ""),
    ('v1 := e.Group("/v1")\n\tv1.POST("/push", s.push)', "POST /v1/push", "push", ""),
    ('r.Route("/api", func(r chi.Router) {\n\t\tr.Delete("/job", s.drop)\n\t})', "DELETE /api/job", "drop", ""),
]


@pytest.mark.parametrize(("statement", "key", "handler", "guards"), ROUTES)
def test_routes(statement: str, key: str, handler: str, guards: str) -> None:
    (route,) = found(func("\t" + statement), FactKind.ROUTE)
    assert (route.key, route.value.text, route.attribute("guards")) == (key, handler, guards)


@pytest.mark.parametrize(
    "statement",
    ['client.Get("/x", &out)', 'cache.Get("/key", nil)', 'http.Post("/x", "text/plain", body)', 'os.Open("/etc/x")'],
)
def test_no_route(statement: str) -> None:
    assert not found(func("\t" + statement), FactKind.ROUTE)


GUARDS = [
    ('r.Use(logging, requireRole("admin"))', "middleware", 'requireRole("admin")'),
    (
        'if err := s.enf.Enforce(claims, "apps", "get"); err != nil {\n\t\treturn err\n\t}',
        "check",
        'enf.Enforce(claims, "apps", "get")',
    ),
    ("if !user.IsOwner {\n\t\tw.WriteHeader(http.StatusForbidden)\n\t\treturn nil\n\t}", "check", "!user.IsOwner"),
    ('if s.role != "admin" {\n\t\treturn status.Error(codes.PermissionDenied, "no")\n\t}', "check", 'role != "admin"'),
    ("u, ok := s.sessions.User(ctx)\n\tif !ok {\n\t\treturn ErrUnauthorized\n\t}", "check", "sessions.User(_)"),
]


@pytest.mark.parametrize(("statement", "form", "value"), GUARDS)
def test_guards(statement: str, form: str, value: str) -> None:
    (guard,) = found(func("\t" + statement), FactKind.GUARD)
    assert (guard.attribute("form"), guard.value.text) == (form, value)


@pytest.mark.parametrize(
    "statement",
    [
        "s.enforceDelay(ctx, id)",
        "c := openstack.AuthenticatedClient(opts)",
        "r.Use(logging, compress)",
        'if id == "" {\n\t\treturn ErrNotFound\n\t}',
    ],
)
def test_no_guard(statement: str) -> None:
    assert not found(func("\t" + statement), FactKind.GUARD)


def test_a_lost_guard() -> None:
    check = '\tif !s.acl.Allows(id) {\n\t\treturn status.Error(codes.PermissionDenied, "no")\n\t}\n'
    assert told(func(check + "\treturn nil"), func("\treturn nil")) == [
        "removed error no: raised",
        "removed guard Server.run: !acl.Allows(_)",
    ]


SQL = [
    ("db.Exec(`DROP TABLE users`)", "destructive drop_table users"),
    ("db.Exec(`ALTER TABLE users DROP COLUMN email`)", "destructive drop_column users.email"),
    ('db.Exec("DELETE FROM sessions WHERE expired = 1")', "destructive delete_from sessions"),
    ("db.Exec(`TRUNCATE TABLE audit`)", "destructive truncate audit"),
    ("db.Exec(`ALTER TABLE users ADD COLUMN phone text NOT NULL DEFAULT ''`)", "column users.phone"),
]


@pytest.mark.parametrize(("statement", "expected"), SQL)
def test_sql(statement: str, expected: str) -> None:
    facts = facts_of("p.go", func("\t" + statement))
    assert expected in [f"{f.kind} {f.key}" for f in facts]


def test_created_table() -> None:
    text = func(
        "\tdb.Exec(`\n\t\tcreate table users (\n\t\t\tid text not null primary key,\n\t\t\temail varchar(100)\n\t\t);`)"
    )
    columns = {f.key: (f.value.text, f.attribute("nullable")) for f in found(text, FactKind.COLUMN)}
    assert columns == {"users.id": ("text", "no"), "users.email": ("varchar(100)", "")}


def test_prose_is_not_sql() -> None:
    assert not found(func('\tlog.Println("will drop table users")'), FactKind.DESTRUCTIVE)


def test_signature_is_types_only() -> None:
    assert (
        changes_of("p.go", go("func F(a, b int) error { return nil }"), go("func F(x int, y int) error { return nil }"))
        == []
    )
    assert changes_of(
        "p.go", go("func F(a int) error { return nil }"), go("func F(a string) error { return nil }")
    ) == ["modified symbol F: (int) error -> (string) error"]


def test_same_flag_when_its_prefix_moved_to_another_file() -> None:
    before = func('\tf.BoolVar(&cfg.On, "shard.on", false, "help")', "(cfg *Config) Register(f *flag.FlagSet)")
    after = func(
        '\tf.BoolVar(&cfg.On, prefix+".on", false, "help")', "(cfg *Config) Register(prefix string, f *flag.FlagSet)"
    )
    assert told(before, after) == []


def test_same_metric_when_its_namespace_moved_to_another_file() -> None:
    before = go(
        'var m = prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "app", Name: "up"}, []string{"tenant"})'
    )
    after = go('var m = prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: ns, Name: "up"}, []string{labelTenant})')
    assert told(before, after) == []


def test_import_under_another_name_is_silent() -> None:
    body = "func f(c *NAME.Cmd) error {\n\tif err := NAME.Run(c); err != nil {\n\t\treturn err\n\t}\n\treturn nil\n}"
    before = go('import "os/exec"\n\n' + body.replace("NAME", "exec"))
    after = go('import goexec "os/exec"\n\n' + body.replace("NAME", "goexec"))
    assert changes_of("p.go", before, after) == []


def test_function_types_are_compared_by_types() -> None:
    assert changes_of("p.go", go("type F func(a, b int) error"), go("type F func(x int, y int) error")) == []


BASE = func("""
	limit := 10 * time.Second // how long
	for attempt, item := range s.items {
		meta, err := s.store.Load(ctx, item.Name)
		if err != nil {
			level.Warn(s.logger).Log("msg", "cannot load", "item", item.Name, "err", err)
			return fmt.Errorf("loading %s: %w", item.Name, err)
		}
		if !s.acl.May(ctx, meta) {
			return status.Error(codes.PermissionDenied, "no")
		}
		s.queue <- Job{Name: item.Name, Attempt: attempt, Meta: meta, Wait: (limit)}
	}
	f.DurationVar(&s.cfg.Idle, "idle", time.Hour, "How long to wait.")
	s.jobs = prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_total", Help: "Jobs."})
	return nil
""")

SILENT = [
    ("// how long", "// after which we give up"),
    ("limit", "patience"),
    ("attempt", "try"),
    ("meta", "m"),
    ("err ", "e "),
    ("item", "entry"),
    ("(s *Server)", "(srv *Server)"),
    ("id string", "tenant string"),
    ("How long to wait.", "Time without traffic after which we stop."),
    ("Jobs.", "Number of jobs."),
    ("(limit)", "limit"),
    ("10 * time.Second", "10*time.Second"),
    ("Meta: meta, Wait: (limit)}", "Meta: meta,\n\t\t\tWait: (limit),\n\t\t}"),
    ('"no"', "`no`"),
]


@pytest.mark.parametrize(("text", "instead"), SILENT)
def test_cosmetics_are_silent(text: str, instead: str) -> None:
    assert text in BASE
    name = {"(s *Server)": "s"}.get(text, text.strip())
    is_local = name in {"limit", "attempt", "meta", "item", "err", "s"}
    instead = {"(srv *Server)": "srv"}.get(instead, instead.strip())
    after = _renamed(BASE, name, instead) if is_local else BASE.replace(text, instead)
    assert changes_of("p.go", BASE, after) == []


def _renamed(text: str, name: str, instead: str) -> str:
    """The text with a local renamed, as a refactoring tool would: not in strings, fields or keys."""
    return "".join(
        piece if index % 2 else re.sub(rf"(?<![\w.]){name}\b(?!:[^=])", instead, piece)
        for index, piece in enumerate(re.split(r'("[^"]*"|//[^\n]*)', text))
    )


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_order_of_declarations_is_silent(rng: random.Random) -> None:
    pieces = [
        "const maxSize = 10",
        'const name = "x"',
        "func A() int { return 1 }",
        "func (s *S) B() error { return s.c(maxSize) }",
        'type Config struct {\n\tA int `yaml:"a"`\n\tB int `yaml:"b"`\n}',
    ]
    shuffled = list(pieces)
    rng.shuffle(shuffled)
    lines = changes_of("p.go", go("\n\n".join(pieces)), go("\n\n".join(shuffled)))
    assert [line for line in lines if not line.startswith("moved")] == []


def test_help_text_is_silent_for_every_flag_library() -> None:
    text = func("""
	app.Flag("dir", "HELP").Default("/d").String()
	cmd.Flags().StringVarP(&x, "out", "o", "", "HELP")
	c := &cobra.Command{Use: "run", Short: "HELP", Long: "HELP", RunE: s.do}
	g := &cli.BoolFlag{Name: "v", Usage: "HELP"}
	d := prometheus.NewDesc("a_b", "HELP", nil, nil)
	f.Var(&x, "y", fmt.Sprintf("HELP %s", z))""")
    assert changes_of("p.go", text, text.replace("HELP", "another text")) == []


@pytest.mark.parametrize(
    "text", ["package p\n\nfunc f( {\n\tx := 3\n}\n\nconst maxSize = 3\n", "package p\n\nvar x = `unterminated\n"]
)
def test_broken_files_are_partial(text: str) -> None:
    reading = load("go").read(Side("p.go", "after", text.encode(), ((1, 9),)))
    assert reading.partial.startswith("syntax errors near line")


@pytest.mark.parametrize(
    "text",
    [
        "package p\n\nvar x = " + "(" * 5000 + "1" + ")" * 5000 + "\n",
        'package p\n\nvar x = "a"' + ' + "a"' * 5000 + "\n",
        "package p\n\nfunc f() { " + "a." * 3000 + "b() }\n",
        "package p\n\nfunc f() { x" + ".A()" * 3000 + " }\n",
        "package p\n\nfunc f() { " + "if err != nil { " * 500 + "}" * 500 + " }\n",
        "package p\n\nvar a = b\nvar b = a\nvar t = prometheus.CounterOpts{Name: a, Help: b}\n",
    ],
)
def test_hostile_files_do_not_raise(text: str) -> None:
    load("go").read(Side("p.go", "after", text.encode(), ((1, 9),)))


@given(st.text(alphabet='{}()[];:=.,"`\nabfunc err!=nil \t/*%', max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read(text: str) -> None:
    load("go").read(Side("p.go", "after", ("package p\n" + text).encode(), ((1, 400),)))
