"""The dashboard and the alerts of deploy ask for what /metrics of a running server has."""

import json
import re

import promql_parser as promql
import pytest
import yaml

from peers import EAST, Deployments, create, waits_for_its_peer
from server import ROOT, eventually

DASHBOARD = ROOT / "deploy" / "grafana" / "coffer.json"
GUIDES = [ROOT / "docs" / "operate" / name for name in ("deploy.md", "replication.md")]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
# What Prometheus itself adds to each series, and its own series of each target.
ADDED = {"job", "instance"}
OWN = {"up": {}}
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# Where codes are named: the protocol's own, and each service's errors.
SOURCES = ["coffer-protocol/src/**/*.rs", "coffer-services/src/**/errors.rs"]


def alerts():
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    return group["rules"]


def panels():
    return json.loads(DASHBOARD.read_text())["panels"]


def queries():
    """Every query and where it is, as Prometheus gets it."""
    found = [(f"alert {it['alert']}", it["expr"]) for it in alerts()]
    for panel in panels():
        found += [(f"panel {panel['title']}", it["expr"]) for it in panel["targets"]]
    return [(place, text.replace("$__rate_interval", "1m")) for place, text in found]


@pytest.fixture(scope="module")
def with_peers(tmp_path_factory):
    """The metrics of a server that has told a peer something, which does not answer."""
    deployments = Deployments(tmp_path_factory.mktemp("peers"))
    try:
        west, east = deployments.both()
        west.knows({**east.holder(regions=[EAST]), **east.writer(primary_regions=[EAST])})
        west.start()
        create(west)
        eventually(lambda: waits_for_its_peer(west), "the peer is told, and is not there")
        yield west.server.get("/metrics")[1]
    finally:
        deployments.end()


@pytest.fixture(scope="module")
def series(dev_server, with_peers):
    """What servers have: for each name, its labels and the values that each takes."""
    # A refusal, whose code is in no metric before.
    dev_server.get("/?Action=GetCallerIdentity&Version=2011-06-15")
    status, text = dev_server.get("/metrics")
    assert status == 200
    text += with_peers
    found = {}
    for name, labels in SAMPLE.findall(text):
        values = found.setdefault(name, {})
        for label, value in LABEL.findall(labels):
            values.setdefault(label, set()).add(value)
    return {**found, **OWN}


@pytest.fixture(scope="module")
def codes(series):
    sources = [path.read_text() for it in SOURCES for path in (ROOT / "crates").glob(it)]
    text = "\n".join(sources)
    rows = re.findall(r"^\s+([A-Z]\w+)(?:\(| =>)", text, re.MULTILINE)
    return {*re.findall(r'"([A-Z]\w+)"', text), *rows}


def parts(query):
    """Its selectors, and the labels that it groups by."""
    selectors, labels = [], set()

    def visit(part):
        if isinstance(part, promql.VectorSelector):
            selectors.append(part)
        if isinstance(part, promql.AggregateExpr) and part.modifier:
            labels.update(part.modifier.labels)

    promql.walk(promql.parse(query), visit)
    return selectors, labels


def faults(query, series, codes):
    """What a query names and a server does not have."""
    selectors, grouped = parts(query)
    assert selectors, query
    told, known = [], set(ADDED)
    for selector in selectors:
        if selector.name not in series:
            told.append(f"no metric {selector.name}")
            continue
        labels = series[selector.name]
        known |= set(labels)
        for matcher in selector.matchers.matchers:
            if matcher.name in ADDED:
                continue
            values = codes | {"OK"} if matcher.name == "code" else labels.get(matcher.name, set())
            told += [
                f"{selector.name} has no {matcher.name} {value}"
                for value in matcher.value.split("|")
                if value not in values
            ]
    return told + [f"no label {label} to group by" for label in sorted(grouped - known)]


def test_what_is_not_there_is_found(series, codes):
    for query, wanted in [
        ('rate(coffer_requests_total{code="OK"}[1m])', []),
        ("coffer_nothing + coffer_connections", ["no metric coffer_nothing"]),
        ('coffer_requests_total{code="Nothing"}', ["coffer_requests_total has no code Nothing"]),
        (
            'coffer_requests_total{service=~"ssm|s3"}',
            ["coffer_requests_total has no service s3"],
        ),
        ('coffer_connections{host="a"}', ["coffer_connections has no host a"]),
        ("sum by (host) (coffer_connections)", ["no label host to group by"]),
    ]:
        assert faults(query, series, codes) == wanted, query
    with pytest.raises(ValueError):
        promql.parse("sum(rate(coffer_requests_total[1m])")


def test_every_query_asks_for_what_a_server_has(series, codes):
    asked = queries()
    assert len(asked) >= 20
    told = [f"{place}: {fault}" for place, text in asked for fault in faults(text, series, codes)]
    assert not told, "\n".join(told)
    # And nothing that it has goes unseen.
    names = {part.name for _, text in asked for part in parts(text)[0]}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in names}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in series} == families
    guides = "\n".join(guide.read_text() for guide in GUIDES)
    told = re.findall(r"^\| `((?:coffer|process)_\w+)` \|", guides, re.MULTILINE)
    assert set(told) == families - set(OWN)


def test_the_dashboard_is_whole(series):
    board = json.loads(DASHBOARD.read_text())
    variables = {it["name"]: it for it in board["templating"]["list"]}
    text = json.dumps(board["panels"])
    named = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval"}
    assert named == set(variables)
    for it in variables.values():
        found = re.match(r"label_values\((\w+)", it.get("definition", ""))
        assert it["type"] == "datasource" or found[1] in series, it
    assert len({it["id"] for it in panels()}) == len(panels())
    assert all(it["targets"] and it["fieldConfig"]["defaults"]["unit"] for it in panels())
    taken = set()
    for place in [it["gridPos"] for it in panels()]:
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24 and not cells & taken, place
        taken |= cells


def test_an_alert_says_what_to_do_and_names_labels_that_it_has(series):
    names = [it["alert"] for it in alerts()]
    assert len(set(names)) == len(names)
    for alert in alerts():
        assert alert["labels"]["severity"] in {"critical", "warning"}, alert
        summary, description = (alert["annotations"][it] for it in ["summary", "description"])
        selectors, grouped = parts(alert["expr"])
        has = grouped or {label for it in selectors for label in series[it.name]} | ADDED
        used = set(re.findall(r"\$labels\.(\w+)", summary + description))
        assert used <= has, f"{alert['alert']}: {used - has}"


def test_a_refusal_is_counted_under_its_code(dev_server):
    counted = 'coffer_requests_total{code="MissingAuthenticationToken",'
    dev_server.get("/?Action=GetCallerIdentity&Version=2011-06-15")
    eventually(lambda: counted in dev_server.get("/metrics")[1], "it is counted")
