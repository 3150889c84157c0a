"""AssumeRoleWithWebIdentity: tokens of issuers, exchanged for a role's credentials."""

import contextlib
import json
import shutil
import subprocess

import boto3
import pytest

from conftest import real
from identities import Session, allow, new_role, trust, unsigned_sts
from issuer import AUDIENCE, Issuer, Key, authority, token_by_secret, unsigned
from server import BINARY, eventually
from world import World, refused, word

ACTION = "sts:AssumeRoleWithWebIdentity"
NOT_A_TOKEN = (
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
)
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.stop()


def provider(world, issuer, audiences=(AUDIENCE,)):
    """IAM knows issuers by their https URL only."""
    made = world.iam.create_open_id_connect_provider(
        Url=f"https://{issuer.host}", ClientIDList=list(audiences)
    )
    return made["OpenIDConnectProviderArn"]


def trusting(arn, **condition):
    return trust({"Federated": arn}, ACTION, condition=condition or None)


def exchange(world, arn, token, **more):
    """Asks until the issuer's keys have been fetched: SDKs try `IDPCommunicationError` again."""
    sts = unsigned_sts(world)

    def ask():
        try:
            return sts.assume_role_with_web_identity(
                RoleArn=arn, RoleSessionName="s1", WebIdentityToken=token, **more
            )
        except sts.exceptions.IDPCommunicationErrorException as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            return None

    try:
        return eventually(ask, "the issuer's keys are known")
    finally:
        sts.close()


def test_a_workflow_of_github_actions_reads_one_path_and_nothing_else(dev, issuer):
    arn = provider(dev, issuer)
    path = f"/{word()}"
    condition = {
        f"{issuer.host}:aud": AUDIENCE,
        f"{issuer.host}:sub": "repo:octo/app:ref:refs/heads/main",
        f"{issuer.host}:repository": "octo/app",
        f"{issuer.host}:environment": "production",
        "aws:FederatedProvider": arn,
    }
    one_path = dev.arn("ssm", f"parameter{path}/*")
    role = new_role(
        dev,
        trusting(arn, StringEquals=condition),
        allow("ssm:GetParameter", "ssm:GetParametersByPath", resource=one_path),
        allow("kms:Decrypt"),
    )
    dev.ssm.put_parameter(Name=f"{path}/a", Value="v", Type="SecureString")
    dev.ssm.put_parameter(Name="/other/a", Value="v", Type="String")
    given = exchange(dev, role, issuer.token(issuer.github()))
    assert given["SubjectFromWebIdentityToken"] == "repo:octo/app:ref:refs/heads/main"
    assert (given["Audience"], given["Provider"]) == (AUDIENCE, arn)
    assert given["AssumedRoleUser"]["Arn"].endswith("/s1")
    session = Session(dev, given["Credentials"])
    found = session.ssm.get_parameter(Name=f"{path}/a", WithDecryption=True)
    assert found["Parameter"]["Value"] == "v"
    for call, arguments in (
        ("get_parameter", {"Name": "/other/a"}),
        ("delete_parameter", {"Name": f"{path}/a"}),
        ("describe_parameters", {}),
    ):
        with refused("AccessDeniedException"):
            getattr(session.ssm, call)(**arguments)
    session.close()
    for change in (
        issuer.github(repository="octo/fork"),
        issuer.github(ref="refs/heads/topic"),
        {**issuer.github(), "environment": "staging"},
    ):
        with refused("AccessDenied", f"Not authorized to perform {ACTION}", 403):
            exchange(dev, role, issuer.token(change))
    with refused("AccessDenied", f"Not authorized to perform {ACTION}", 403):
        exchange(dev, dev.iam_arn(f"role/none-{word()}"), issuer.token(issuer.github()))


def test_a_kubernetes_service_account_comes_in_by_its_subject(dev):
    issuer = Issuer(path="/id/CLUSTER7")
    arn = provider(dev, issuer)
    subject = f"{issuer.host}:sub"
    role = new_role(
        dev,
        trusting(arn, StringLike={subject: "system:serviceaccount:apps:*"}),
        allow("secretsmanager:GetSecretValue", "kms:Decrypt"),
    )
    secret = dev.sm.create_secret(Name=f"s-{word()}", SecretString="v")["ARN"]
    given = exchange(dev, role, issuer.token(issuer.kubernetes()))
    session = Session(dev, given["Credentials"])
    assert session.sm.get_secret_value(SecretId=secret)["SecretString"] == "v"
    session.close()
    with refused("AccessDenied", f"Not authorized to perform {ACTION}", 403):
        exchange(dev, role, issuer.token(issuer.kubernetes(namespace="other")))
    issuer.stop()


def test_boto3_finds_its_own_way_from_a_token_file(dev, issuer, tmp_path, monkeypatch):
    """What pods of EKS do: a role and a token file in the environment, nothing else."""
    role = new_role(dev, trusting(provider(dev, issuer)))
    file = tmp_path / "token"
    file.write_text(issuer.token(issuer.kubernetes()))
    exchange(dev, role, file.read_text())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ROLE_ARN", role)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "pod-7")
    monkeypatch.setenv("AWS_ENDPOINT_URL", dev.server.endpoint)
    sts = boto3.Session().client("sts", region_name=dev.region)
    assert sts.get_caller_identity()["Arn"].endswith("/pod-7")
    sts.close()


def test_tokens_are_signed_in_every_way_that_has_a_public_key(dev, issuer):
    algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    algorithms += ["ES256", "ES384", "ES512", "EdDSA"]
    issuer.keys = [Key(f"key-{algorithm}", algorithm) for algorithm in algorithms]
    role = new_role(dev, trusting(provider(dev, issuer)))
    for key in issuer.keys:
        exchange(dev, role, key.token(issuer.github()))
    forger = Key("key-ES256", "ES256")
    with refused("InvalidIdentityToken", NOT_A_TOKEN):
        exchange(dev, role, forger.token(issuer.github()))


def test_tokens_without_a_right_signature_are_refused(dev, issuer):
    role = new_role(dev, trusting(provider(dev, issuer)))
    claims = issuer.github()
    good = issuer.token(claims)
    exchange(dev, role, good)
    key = issuer.keys[0]
    head, body, signature = good.split(".")
    other = unsigned({**claims, "actor": "eve"}, {"alg": "RS256", "kid": key.kid}).split(".")[1]
    for token in (
        f"{unsigned(claims, {'alg': 'none', 'kid': key.kid})}.",
        f"{unsigned(claims, {'alg': 'none', 'kid': key.kid})}.{signature}",
        f"{unsigned(claims, {'alg': 'None'})}.",
        token_by_secret(key.public_pem(), claims, kid=key.kid),
        token_by_secret(json.dumps(key.jwk()).encode(), claims, kid=key.kid),
        f"{head}.{other}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}.",
        Key(key.kid).token(claims),
        key.token(claims, alg="PS256"),
        key.token(claims, crit=["exp"]),
        "ya29.an-access-token",
    ):
        with refused("InvalidIdentityToken", NOT_A_TOKEN):
            exchange(dev, role, token)


def test_claims_that_are_not_in_order_are_refused(dev, issuer):
    role = new_role(dev, trusting(provider(dev, issuer)))
    now = issuer.claims()["iat"]
    exchange(dev, role, issuer.token(issuer.github()))
    elsewhere = Issuer()
    for change, code, sentence, status in (
        ({"aud": "other"}, "InvalidIdentityToken", "Incorrect token audience", 400),
        ({"azp": "other"}, "InvalidIdentityToken", "Incorrect token audience", 400),
        ({"aud": None}, "InvalidIdentityToken", "Incorrect token audience", 400),
        ({"exp": now - 120}, "ExpiredTokenException", "Token expired: current date/time ", 400),
        ({"exp": None}, "InvalidIdentityToken", "exp", 400),
        ({"iat": None}, "InvalidIdentityToken", "iat", 400),
        ({"sub": None}, "InvalidIdentityToken", "sub", 400),
        ({"nbf": now + 600}, "IDPRejectedClaim", None, 403),
        (
            {"iss": elsewhere.url},
            "InvalidIdentityToken",
            f"No OpenIDConnect provider found in your account for {elsewhere.url}",
            400,
        ),
        ({"iss": f"{issuer.url}/"}, "InvalidIdentityToken", "No OpenIDConnect provider", 400),
    ):
        claims = {**issuer.github(), **change}
        with refused(code, sentence, status):
            exchange(dev, role, issuer.token({k: v for k, v in claims.items() if v is not None}))
    elsewhere.stop()
    assert elsewhere.asked == []


def test_an_issuer_is_trusted_in_the_account_that_has_it(dev, issuer):
    other = World.on_dev(dev.server)
    provider(dev, issuer)
    arn = f"arn:aws:iam::{other.account}:oidc-provider/{issuer.host}"
    role = new_role(other, trusting(arn))
    with refused("InvalidIdentityToken", "No OpenIDConnect provider found in your account for"):
        exchange(dev, role, issuer.token(issuer.github()))
    other.close()


def test_tags_and_source_identity_come_with_the_token(dev, issuer):
    arn = provider(dev, issuer)
    actions = (ACTION, "sts:TagSession", "sts:SetSourceIdentity")
    condition = {"StringEquals": {"aws:RequestTag/team": "a", "sts:SourceIdentity": "ada"}}
    path = f"/{word()}"
    own = dev.arn("ssm", f"parameter{path}/${{aws:PrincipalTag/team}}/*")
    role = new_role(
        dev,
        trust({"Federated": arn}, *actions, condition=condition),
        allow("ssm:GetParameter", resource=own),
    )
    for team in ("a", "b"):
        dev.ssm.put_parameter(Name=f"{path}/{team}/x", Value="v", Type="String")
    claims = {
        "https://aws.amazon.com/tags": {
            "principal_tags": {"team": ["a"]},
            "transitive_tag_keys": ["team"],
        },
        "https://aws.amazon.com/source_identity": "ada",
    }
    given = exchange(dev, role, issuer.token(issuer.github(**claims)))
    assert given["SourceIdentity"] == "ada" and given["PackedPolicySize"] > 0
    session = Session(dev, given["Credentials"])
    session.ssm.get_parameter(Name=f"{path}/a/x")
    with refused("AccessDeniedException"):
        session.ssm.get_parameter(Name=f"{path}/b/x")
    session.close()
    untagged = new_role(dev, trusting(arn))
    with refused("AccessDenied", "Not authorized to perform sts:TagSession", 403):
        exchange(dev, untagged, issuer.token(issuer.github(**claims)))


def test_new_keys_are_fetched_when_a_token_names_them(timed, issuer):
    role = new_role(timed, trusting(provider(timed, issuer)))
    exchange(timed, role, issuer.token(issuer.github()))
    count = len(issuer.asked)
    old, issuer.keys = issuer.keys[0], [Key("key-2")]
    # An unknown key does not have the issuer asked more than twice a minute.
    with refused("InvalidIdentityToken", NO_KEY):
        exchange(timed, role, issuer.token(issuer.github()))
    assert len(issuer.asked) == count
    timed.server.advance("31s")
    exchange(timed, role, issuer.token(issuer.github()))
    timed.server.advance("31s")
    with refused("InvalidIdentityToken", NO_KEY):
        exchange(timed, role, old.token(issuer.github()))


def test_an_issuer_that_does_not_answer_is_told_of(dev, issuer):
    issuer.documents = dict
    role = new_role(dev, trusting(provider(dev, issuer)))
    with refused("InvalidIdentityToken", NO_KEY):
        exchange(dev, role, issuer.token(issuer.github()))


def test_a_document_about_another_issuer_is_not_believed(dev, issuer):
    other = Issuer()
    documents = issuer.documents()
    documents["/.well-known/openid-configuration"]["issuer"] = other.url
    issuer.documents = lambda: documents
    role = new_role(dev, trusting(provider(dev, issuer)))
    with refused("InvalidIdentityToken", NO_KEY):
        exchange(dev, role, issuer.token(issuer.github()))
    other.stop()


def set_keys(world, tmp_path, url, keys):
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(keys))
    return subprocess.run(
        [BINARY, "oidc", "set-keys", "--issuer", url, "--file", str(file)]
        + ["--endpoint", world.server.endpoint],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **world.server.environment(),
            "AWS_ACCESS_KEY_ID": world.access_key,
            "AWS_SECRET_ACCESS_KEY": world.secret,
        },
    )


def test_the_keys_of_a_private_cluster_are_given_by_its_operator(world, issuer, tmp_path):
    """The server asks nobody: works where it may not ask loopback, too."""
    url = f"https://kubernetes-{word()}.default.svc"
    claims = {**issuer.kubernetes(), "iss": url}
    told = set_keys(world, tmp_path, url, issuer.key_set())
    assert told.returncode != 0 and "no OpenID Connect provider" in told.stderr
    made = world.iam.create_open_id_connect_provider(Url=url, ClientIDList=[AUDIENCE])
    arn = made["OpenIDConnectProviderArn"]
    role = new_role(world, trusting(arn))
    told = set_keys(world, tmp_path, url, {"keys": [{"kty": "oct", "k": "AA"}]})
    assert told.returncode != 0 and "no set of keys" in told.stderr
    told = set_keys(world, tmp_path, url, issuer.key_set())
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == ["key-1"]
    exchange(world, role, issuer.token(claims))
    with refused("InvalidIdentityToken", NO_KEY):
        exchange(world, role, Key("key-9").token(claims))
    assert issuer.asked == []


def test_an_issuer_proves_its_name_by_a_certificate(tmp_path):
    ca, certificate, key = authority(tmp_path)
    issuer = Issuer(certificate=(certificate, key))
    options = ("--oidc-allow-loopback", "true", "--oidc-ca-file", str(ca))
    for extra, is_believed in ((options, True), (options[:2], False), ((), False)):
        with running(tmp_path / f"data-{word()}", extra) as world:
            role = new_role(world, trusting(provider(world, issuer)))
            token = issuer.token(issuer.github())
            if is_believed:
                exchange(world, role, token)
            else:
                with refused("InvalidIdentityToken", NO_KEY):
                    exchange(world, role, token)
    issuer.stop()


@contextlib.contextmanager
def running(data, extra):
    server = real(data, extra=extra).start()
    world = World.on_server(server)
    try:
        yield world
        world.close()
        server.stop()
    finally:
        server.kill()
        shutil.rmtree(server.scratch, ignore_errors=True)
