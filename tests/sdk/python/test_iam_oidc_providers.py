"""Identity providers of OpenID Connect."""

import pytest

from world import refused, tags, without_metadata, word

THUMBPRINT = "6938fd4d98bab03faadb97b34396831e3780aea1"


@pytest.fixture
def provider(dev):
    made = dev.iam.create_open_id_connect_provider(
        Url="https://oidc.example.com/id/1",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=[THUMBPRINT],
    )
    return made["OpenIDConnectProviderArn"]


def test_a_provider_is_made_and_told(world):
    host = f"oidc-{word()}.example.com"
    made = world.iam.create_open_id_connect_provider(
        Url=f"https://{host}", ClientIDList=["b", "a"], Tags=tags(team="db")
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == world.iam_arn(f"oidc-provider/{host}") and made["Tags"] == tags(team="db")
    found = without_metadata(world.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn))
    assert found.pop("CreateDate")
    assert found == {
        "Url": host,
        "ClientIDList": ["a", "b"],
        "ThumbprintList": [],
        "Tags": tags(team="db"),
    }
    listed = world.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert {"Arn": arn} in listed
    with refused("EntityAlreadyExists", f"Provider with url https://{host} already exists.", 409):
        world.iam.create_open_id_connect_provider(Url=f"https://{host}")
    world.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert {"Arn": arn} not in world.iam.list_open_id_connect_providers()[
        "OpenIDConnectProviderList"
    ]


def test_what_is_not_there_is_named(dev):
    # Observed: localstack/localstack, tests/aws/services/iam/test_iam_oidc.snapshot.json, 2026-02.
    arn = dev.iam_arn("oidc-provider/gone.example.com")
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404):
        dev.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("NoSuchEntity", f"OpenId connect Provider {arn} cannot be found.", 404):
        dev.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.mark.parametrize("url", ["http://a.example.com", "a.example.com", "https://a.example.com?q"])
def test_a_url_that_nobody_issues_tokens_by_is_refused(dev, url):
    with refused("ValidationError", "Invalid Open ID Connect Provider URL"):
        dev.iam.create_open_id_connect_provider(Url=url)


def test_audiences_and_thumbprints_change_and_are_bounded(dev, provider):
    named = {"OpenIDConnectProviderArn": provider}
    iam = dev.iam
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(**named, ClientID="more")
    iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="sts.amazonaws.com")
    iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="never")
    iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=["c" * 40, "d" * 40])
    found = iam.get_open_id_connect_provider(**named)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["more"], ["c" * 40, "d" * 40])
    with refused("InvalidInput", "Thumbprint list must contain fewer than 5 entries."):
        iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=["c" * 40] * 6)
    many = [f"c{number}" for number in range(101)]
    sentence = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
    with refused("LimitExceeded", sentence, 409):
        iam.create_open_id_connect_provider(Url="https://b.example.com", ClientIDList=many)


def test_tags_are_put_listed_and_taken_away(dev, provider):
    named = {"OpenIDConnectProviderArn": provider}
    dev.iam.tag_open_id_connect_provider(**named, Tags=tags(a="1", b="2"))
    dev.iam.untag_open_id_connect_provider(**named, TagKeys=["a"])
    listed = dev.iam.list_open_id_connect_provider_tags(**named)
    assert (listed["Tags"], listed["IsTruncated"]) == (tags(b="2"), False)
