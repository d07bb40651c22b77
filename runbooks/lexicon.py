"""Word lists for reading runbooks: file endings, tools, words without meaning as names, names of products.

Written from the documentation of the tools and widened by reading public runbooks.
"""

from __future__ import annotations

EXTENSIONS = frozenset(
    "py pyi go rs js jsx ts tsx mjs cjs java kt kts rb php cs fs c h cc cpp hpp swift scala ex exs erl lua pl sh bash "
    "zsh fish ps1 yaml yml json json5 jsonl toml ini cfg conf cnf sql tf tfvars hcl jsonnet libsonnet md mdx rst txt "
    "xml gradle properties proto tmpl tpl j2 erb html css scss vue svelte csv tsv parquet ipynb pem crt csr gz tgz "
    "zip tar dockerfile mk rules graphql thrift bicep nix plist".split()
)
FILES = frozenset(
    "Dockerfile Makefile Procfile Jenkinsfile Caddyfile Vagrantfile Gemfile Rakefile Justfile Tiltfile CODEOWNERS "
    ".env .envrc .gitlab-ci.yml".split()
)
ROOTS = frozenset("etc var usr opt tmp home mnt root proc sys dev run srv bin sbin lib data app workspace".split())
VERBS = frozenset("GET POST PUT PATCH DELETE HEAD OPTIONS".split())
KUBERNETES = frozenset(
    "pod pods po deploy deployment deployments svc service services sts statefulset statefulsets ds daemonset job "
    "jobs cronjob cronjobs cm configmap configmaps secret secrets ingress ing pvc node nodes ns namespace hpa".split()
)
TOOLS = frozenset(
    "kubectl oc helm helmfile kustomize docker docker-compose podman nomad consul vault git gh make curl wget http "
    "psql pg_dump pg_restore pg_basebackup mysql mysqldump mongo mongosh redis-cli sqlite3 aws gcloud gsutil az cf "
    "flyctl heroku terraform terragrunt tofu pulumi ansible ansible-playbook packer systemctl journalctl service sudo "
    "ssh scp rsync python python3 pip pip3 pipenv poetry uv tox pytest npm npx yarn pnpm node deno bun go cargo java "
    "mvn gradle ./gradlew bundle rails rake php composer dotnet mix cat cd ls cp mv rm mkdir chmod chown tail head "
    "grep sed awk find df du ps top kill killall lsof ss netstat nc dig nslookup openssl ping traceroute jq yq tar "
    "gzip echo export source bash sh crontab supervisorctl nginx certbot promtool amtool logcli tempo-cli jb tk apt "
    "apt-get yum dnf brew apk createdb dropdb pg_ctl argocd flux istioctl etcdctl velero cqlsh nodetool "
    "clickhouse-client kcat bosh".split()
)
WEAK = frozenset(
    "true false null none nil yes no on off ok the and or not in is to of string int integer bool boolean float list "
    "map object duration bytes number GET POST PUT PATCH DELETE HEAD OPTIONS SELECT FROM WHERE INSERT UPDATE SET TODO "
    "NOTE WARNING INFO ERROR DEBUG JSON YAML HTTP HTTPS HTML NULL TRUE FALSE".split()
)
# Names of products and standards that are spelt like code; in prose they are words.
PRODUCTS = frozenset(
    "GitHub GitLab BitBucket PostgreSQL MySQL NoSQL SQLite MariaDB MongoDB DynamoDB InfluxDB CockroachDB RocksDB "
    "LevelDB ScyllaDB TimescaleDB ClickHouse BigQuery BigTable CloudFront CloudWatch CloudFormation CloudFlare "
    "JavaScript TypeScript OpenTelemetry OpenTracing OpenMetrics OpenAPI OpenShift OpenSSL OpenID OpenStack "
    "OpenSearch LibreOffice YouTube LinkedIn PagerDuty OpsGenie VictorOps DataDog NewRelic StatsD CollectD CoreDNS "
    "ElasticSearch FastAPI GraphQL WebSocket WebSockets WebHook WebHooks HashiCorp CircleCI GoDaddy WordPress LaTeX "
    "MacOS macOS iOS iPhone iPad eBPF gRPC mTLS oAuth OAuth OAuth2 SaaS PaaS IaaS DevOps DevSecOps GitOps RabbitMQ "
    "ActiveMQ ZeroMQ PromQL LogQL TraceQL McAfee PyPI NumPy SciPy PyTorch TensorFlow VSCode PhpMyAdmin SendGrid MinIO "
    "IPv4 IPv6 PoC ToDo VMs CPUs GPUs APIs URLs IDs PRs PVs PVCs CRDs SSDs HDDs IPs DBs SLOs SLAs SLIs QoS DaemonSet "
    "StatefulSet StatefulSets ReplicaSet ConfigMap ConfigMaps ServiceAccount CronJob PersistentVolumeClaim MiB GiB "
    "KiB TiB kB IdP".split()
)
# PromQL and LogQL functions: part of the query language, not names of this code base.
FUNCTIONS = frozenset(
    "histogram_quantile label_replace label_join sum_over_time avg_over_time min_over_time max_over_time "
    "count_over_time quantile_over_time rate_counter bytes_over_time bytes_rate absent_over_time present_over_time "
    "last_over_time stddev_over_time predict_linear holt_winters group_left group_right sort_desc count_values "
    "day_of_week day_of_month days_in_month clamp_max clamp_min unwrap_error".split()
)
SWITCHES = frozenset("true false yes no on off enabled disabled null none nil".split())
