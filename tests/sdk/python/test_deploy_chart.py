"""The chart of deploy/helm, rendered by Helm's own library, checked by Kubernetes' own schemas.

There is no cluster: a pod is run as its manifest says, by what the container of it is made of.
"""

import base64
import json
import os
import pathlib
import re
import subprocess

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

from container import Container, Image, why_not
from privileges import needs, without
from server import BINARY, ROOT, eventually

CHART = ROOT / "deploy" / "helm" / "coffer"
# The oldest that the chart is for, and the newest that the schemas are there for.
KUBERNETES = ["1.25.0", kubernetes_validate.latest_version()]
ALL = {
    "replicas": 3,
    "image": {"tag": "edge", "pullSecrets": [{"name": "registry"}]},
    "rootKey": {"existingSecret": "keys", "key": "coffer"},
    "rootAccessKey": {"existingSecret": "login"},
    "accountId": "111122223333",
    "store": {"existingSecret": "database", "key": "dsn"},
    "persistence": {"size": "1Gi", "storageClass": "fast", "annotations": {"a": "b"}},
    "tls": {"existingSecret": "certificate"},
    "settings": {"COFFER_LOG": "debug", "COFFER_READS": "strong"},
    "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/authorities/ca.crt"}],
    "extraVolumes": [{"name": "authorities", "configMap": {"name": "authorities"}}],
    "extraVolumeMounts": [{"name": "authorities", "mountPath": "/etc/authorities"}],
    "service": {"type": "LoadBalancer", "port": 443, "annotations": {"a": "b"}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"a": "b"},
        "host": "coffer.example",
        "tlsSecret": "ingress",
    },
    "networkPolicy": {
        "enabled": True,
        "from": [{"namespaceSelector": {}}],
        "egress": [{"ports": [{"port": 5432}]}],
    },
    "serviceMonitor": {
        "enabled": True,
        "labels": {"release": "prometheus"},
        "tlsConfig": {"insecureSkipVerify": True},
    },
    "serviceAccount": {"annotations": {"a": "b"}},
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
    "nodeSelector": {"e": "f"},
    "tolerations": [{"key": "g", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "high",
}


def rendered(values=None):
    """What would be installed, by kind and name."""
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema(values or {})
        files = chart.render(values or {}, name="prod", namespace="secrets")
    found = {}
    for name, text in files.items():
        if not name.endswith(".txt"):
            for manifest in filter(None, yaml.safe_load_all(text)):
                key = (manifest["kind"], manifest["metadata"]["name"])
                assert key not in found, f"{key} is there twice"
                found[key] = manifest
    return found


def pod_of(manifests):
    (found,) = [it for (kind, _), it in manifests.items() if kind == "StatefulSet"]
    spec = found["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    return found["spec"], spec, container


def refusal(values):
    with pytest.raises(helm.HelmError) as told:
        rendered(values)
    return str(told.value)


def test_the_chart_passes_lint():
    for values in [{}, ALL]:
        report = helm.lint(str(CHART), values, strict=True)
        worse = [it for it in report["messages"] if it["severity"] > 1]
        assert not worse and not report["errors"], report


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", [{}, ALL], ids=["defaults", "all"])
def test_kubernetes_takes_what_is_rendered(values, version):
    for (kind, _), manifest in rendered(values).items():
        # The Prometheus Operator's, for which Kubernetes has no schema.
        if kind != "ServiceMonitor":
            if version == KUBERNETES[0] and kind == "StatefulSet":
                # Rendered for the newest; Helm leaves it out where the cluster does not know it.
                del manifest["spec"]["template"]["spec"]["containers"][0]["lifecycle"]
            kubernetes_validate.validate(manifest, version, strict=True)


def test_every_value_is_used_and_none_is_taken_that_is_not():
    plain = rendered()
    for name in ALL:
        with_it = {**{it: ALL[it] for it in ["store"] if name == "replicas"}, name: ALL[name]}
        assert rendered(with_it) != plain, f"{name} changes nothing"
    for values, why in [
        ({"replica": 2}, "replica"),
        ({"replicas": 2}, "existingSecret"),
        ({"rootKey": {"existingSecret": ""}}, "existingSecret"),
        ({"ingress": {"enabled": True}}, "host"),
        ({"settings": {"COFFER_ROOT_KEY": "a"}}, "COFFER_ROOT_KEY"),
        ({"settings": {"COFFER_STORE": "postgres://user:password@db/"}}, "COFFER_STORE"),
        ({"settings": {"LOG": "debug"}}, "LOG"),
    ]:
        assert why in refusal(values), values
    with helm.Chart.load(str(CHART)) as chart, pytest.raises(helm.HelmError) as told:
        chart.render({"replicas": 2}, name="prod")
    # Also where somebody skips the schema.
    assert re.search("several replicas need a store|existingSecret", str(told.value))


def test_a_pod_has_no_right_that_it_does_not_need():
    for values in [{}, ALL]:
        _, spec, container = pod_of(rendered(values))
        security = spec["securityContext"]
        assert security["runAsNonRoot"] and security["runAsUser"] == 65532
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert spec["automountServiceAccountToken"] is False
        for volume in spec["volumes"]:
            # `0400` is a number of eight in YAML 1.1, which Kubernetes reads.
            assert "secret" not in volume or volume["secret"]["defaultMode"] == 0o400
        # Secrets come from Secrets.
        for variable in container["env"]:
            if variable["name"] in {"COFFER_STORE", "COFFER_ROOT_SECRET_ACCESS_KEY"}:
                assert "secretKeyRef" in variable["valueFrom"], variable


def test_the_image_s_user_and_port_are_the_chart_s():
    image = Image(pathlib.Path("/nowhere"))
    _, spec, container = pod_of(rendered())
    security = spec["securityContext"]
    assert image.user == f"{security['runAsUser']}:{security['runAsGroup']}"
    (port,) = container["ports"]
    assert image.environment["COFFER_LISTEN"] == f"0.0.0.0:{port['containerPort']}"
    assert image.volume in {it["mountPath"] for it in container["volumeMounts"]}


def test_one_node_has_its_volume_and_several_are_kept_apart():
    one = rendered()
    several = rendered({"replicas": 3, "store": {"existingSecret": "database"}})
    for manifests in [one, several]:
        spec, _, _ = pod_of(manifests)
        assert [it["metadata"]["name"] for it in spec["volumeClaimTemplates"]] == ["data"]
        assert ("Service", spec["serviceName"]) in manifests
    assert ("PodDisruptionBudget", "prod-coffer") not in one
    budget = several["PodDisruptionBudget", "prod-coffer"]["spec"]
    assert budget["maxUnavailable"] == 1
    spec, pod, _ = pod_of(several)
    labels = spec["template"]["metadata"]["labels"]
    selectors = [budget["selector"]["matchLabels"], spec["selector"]["matchLabels"]]
    selectors += [it["labelSelector"]["matchLabels"] for it in pod["topologySpreadConstraints"]]
    selectors += [it["spec"]["selector"] for key, it in several.items() if key[0] == "Service"]
    assert all(it.items() <= labels.items() for it in selectors)


def test_a_root_access_key_is_drawn_that_the_server_takes():
    drawn = [rendered()["Secret", "prod-coffer-root-access-key"] for _ in range(2)]
    texts = [{k: base64.b64decode(v).decode() for k, v in it["data"].items()} for it in drawn]
    assert all(re.fullmatch("AKIA[A-Z]{16}", it["id"]) for it in texts)
    assert all(re.fullmatch("[A-Za-z0-9]{40}", it["secret"]) for it in texts)
    assert texts[0] != texts[1]
    # It outlives the release, as the store does.
    assert drawn[0]["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert not [key for key in rendered(ALL) if key[0] == "Secret"]


class Pod:
    """The pod of a manifest: its secrets and its volume in folders, its variables resolved."""

    def __init__(self, folder, manifests, secrets):
        _, spec, self.container = pod_of(manifests)
        self.folder, self.secrets = folder, secrets
        for name in secrets:
            self.write(name)
        data = folder / "data"
        data.mkdir()
        os.chown(data, 0, spec["securityContext"]["fsGroup"])
        data.chmod(0o2770)
        places = {it["name"]: (folder / it["secret"]["secretName"], "ro") for it in spec["volumes"]}
        places["data"] = (data, "rw")
        mounts = [
            (places[it["name"]][0], it["mountPath"], places[it["name"]][1])
            for it in self.container["volumeMounts"]
        ]
        image = Image(folder)
        image.lay_out()
        self.process = Container(image, mounts, folder / "log")

    def write(self, name):
        """A Secret's files. The kubelet lets the pod's group read them, whatever their mode."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        for key, text in self.secrets[name].items():
            (place / key).write_text(text)
            os.chown(place / key, 0, 65532)
            (place / key).chmod(0o440)

    def start(self):
        variables = {}
        for it in self.container["env"]:
            reference = it.get("valueFrom", {}).get("secretKeyRef")
            chosen = self.secrets[reference["name"]][reference["key"]] if reference else it["value"]
            variables[it["name"]] = chosen
        self.process.start(self.container["args"], **variables)

    def passes(self, probe):
        asked = self.container[probe]["httpGet"]
        (port,) = [it for it in self.container["ports"] if it["name"] == asked["port"]]
        url = f"{asked['scheme'].lower()}://127.0.0.1:{port['containerPort']}{asked['path']}"
        return self.process.is_up("--insecure", url)


def certificate(folder):
    """One that nobody has signed but its owner."""
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-days", "1", "-subj", "/CN=coffer", "-keyout", "key", "-out", "cert"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    return {"tls.crt": (folder / "cert").read_text(), "tls.key": (folder / "key").read_text()}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "tls"])
def test_a_pod_runs_as_it_is_rendered_and_its_root_key_can_be_changed(has_tls, tmp_path):
    needs(without([]), "a pod of the chart")
    reason = why_not()
    if reason:
        pytest.skip(reason)
    manifests = rendered({"tls": {"existingSecret": "certificate"}} if has_tls else {})
    drawn = manifests["Secret", "prod-coffer-root-access-key"]["data"]
    login = {key: base64.b64decode(text).decode() for key, text in drawn.items()}
    first, second = (base64.b64encode(bytes([byte] * 32)).decode() for byte in [1, 2])
    secrets = {
        "coffer-root-key": {"root.key": first},
        "prod-coffer-root-access-key": login,
        **({"certificate": certificate(tmp_path)} if has_tls else {}),
    }
    pod = Pod(tmp_path, manifests, secrets)
    at = f"http{'s' if has_tls else ''}://127.0.0.1:4566"
    signed = (login["id"], login["secret"])
    try:
        pod.start()
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"]:
            eventually(lambda: pod.passes(probe), f"it passes its {probe}", 60)
        ask = {"at": f"{at}/", "Name": "/a"}
        put = {**ask, "Value": "horse", "Type": "SecureString"}
        pod.process.ssm(signed, "PutParameter", "--insecure", **put)
        # As docs/operate/deploy.md says: the next key beside the present one, then in its place.
        secrets["coffer-root-key"]["next.key"] = second
        pod.write("coffer-root-key")
        if not has_tls:
            changed = pod.process.within(
                *["env", f"AWS_ACCESS_KEY_ID={signed[0]}", f"AWS_SECRET_ACCESS_KEY={signed[1]}"],
                *[BINARY, "rekey", "--endpoint", at],
                *["--new-root-key-file", "/etc/coffer/root-key/next.key"],
            )
            assert changed.returncode == 0, f"{changed.stderr}{pod.process.log.read_text()}"
            secrets["coffer-root-key"] = {"root.key": second}
            (tmp_path / "coffer-root-key" / "next.key").unlink()
            pod.write("coffer-root-key")
        pod.process.stop()
        pod.start()
        eventually(lambda: pod.passes("readinessProbe"), "it is ready", 60)
        read = {**ask, "WithDecryption": True}
        told = pod.process.ssm(signed, "GetParameter", "--insecure", **read)
        assert told["Parameter"]["Value"] == "horse"
        assert pod.process.status()["Uid"] == "65532"
        pod.process.stop()
        text = pod.process.log.read_text()
        assert "panicked" not in text and login["secret"] not in text, text
    finally:
        pod.process.kill()


def test_the_chart_s_version_is_the_server_s():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    told = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.split()[-1] == chart["appVersion"] == chart["version"]
    assert json.loads((CHART / "values.schema.json").read_text())["additionalProperties"] is False
