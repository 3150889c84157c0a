"""An OpenID Connect issuer on loopback: discovery, keys, and the tokens it signs."""

import base64
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from loopback import Loopback

AUDIENCE = "sts.amazonaws.com"


def text(data):
    """Bytes as JSON Web Tokens write them."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    """A key that signs tokens in one way."""

    def __init__(self, kid, algorithm="RS256"):
        self.kid = kid
        self.algorithm = algorithm
        if algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        elif algorithm.startswith("ES"):
            curve = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
            self.private = ec.generate_private_key(curve[algorithm])
        else:
            self.private = rsa.generate_private_key(65537, 2048)

    @property
    def hash(self):
        return {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[
            self.algorithm[2:]
        ]

    def public_pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def jwk(self):
        """The public key as the issuer tells it."""
        shared = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        public = self.private.public_key()
        if self.algorithm == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {**shared, "kty": "OKP", "crv": "Ed25519", "x": text(raw)}
        numbers = public.public_numbers()
        if self.algorithm.startswith("ES"):
            size = (public.curve.key_size + 7) // 8
            x, y = (text(value.to_bytes(size, "big")) for value in (numbers.x, numbers.y))
            curve = f"P-{public.curve.key_size}"
            return {**shared, "kty": "EC", "crv": curve, "x": x, "y": y}
        return {**shared, "kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}

    def signature(self, signed):
        if self.algorithm == "EdDSA":
            return self.private.sign(signed)
        if self.algorithm.startswith("ES"):
            r, s = utils.decode_dss_signature(self.private.sign(signed, ec.ECDSA(self.hash)))
            size = (self.private.curve.key_size + 7) // 8
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if self.algorithm.startswith("PS"):
            pss = padding.PSS(padding.MGF1(self.hash), self.hash.digest_size)
            return self.private.sign(signed, pss, self.hash)
        return self.private.sign(signed, padding.PKCS1v15(), self.hash)

    def token(self, claims, **head):
        """A token with these claims; `head` changes what its header says."""
        head = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **head}
        signed = unsigned(claims, head)
        return f"{signed}.{text(self.signature(signed.encode()))}"


def unsigned(claims, head):
    return ".".join(text(json.dumps(part).encode()) for part in (head, claims))


def token_by_secret(secret, claims, **head):
    """A token whose signature is a code by a shared secret."""
    signed = unsigned(claims, {"alg": "HS256", "typ": "JWT", **head})
    return f"{signed}.{text(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


class Issuer:
    """A running issuer; `certificate` is a pair of PEM files for one that speaks TLS."""

    def __init__(self, path="", certificate=None):
        self.path = path
        self.keys = [Key("key-1")]
        self.asked = []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                document = issuer.documents().get(self.path)
                body = json.dumps(document or {}).encode()
                self.send_response(200 if document else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = Loopback(Handler, certificate)

    @property
    def host(self):
        """The URL without its scheme, as condition keys and the provider's ARN have it."""
        return f"127.0.0.1:{self.server.port}{self.path}"

    @property
    def url(self):
        return f"{self.server.scheme}://{self.host}"

    def documents(self):
        keys = f"{self.path}/keys"
        return {
            f"{self.path}/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.server.scheme}://127.0.0.1:{self.server.port}{keys}",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            },
            keys: self.key_set(),
        }

    def key_set(self):
        return {"keys": [key.jwk() for key in self.keys]}

    def claims(self, **more):
        now = int(time.time())
        return {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + 300, **more}

    def github(self, repository="octo/app", ref="refs/heads/main", **more):
        """The claims of a workflow of GitHub Actions."""
        return self.claims(
            sub=f"repo:{repository}:ref:{ref}",
            repository=repository,
            repository_owner=repository.split("/")[0],
            ref=ref,
            actor="ada",
            workflow="deploy",
            job_workflow_ref=f"{repository}/.github/workflows/deploy.yml@{ref}",
            environment="production",
            run_attempt="1",
            **more,
        )

    def kubernetes(self, namespace="apps", name="web", **more):
        """The claims of a Kubernetes service account's token."""
        account = {"name": name, "uid": "a1b2"}
        return self.claims(
            aud=[AUDIENCE],
            sub=f"system:serviceaccount:{namespace}:{name}",
            **{"kubernetes.io": {"namespace": namespace, "serviceaccount": account}},
            **more,
        )

    def token(self, claims, **head):
        return self.keys[0].token(claims, **head)

    def stop(self):
        self.server.stop()


def authority(folder):
    """A certificate authority and a certificate of 127.0.0.1 by it: three PEM files."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(name, key, by_name, by_key, extension):
        named = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
        by = [x509.NameAttribute(x509.NameOID.COMMON_NAME, by_name)]
        builder = x509.CertificateBuilder(
            x509.Name(by), x509.Name(named), key.public_key(), x509.random_serial_number(),
            now - datetime.timedelta(days=1), now + datetime.timedelta(days=1),
        )
        return builder.add_extension(extension, critical=True).sign(by_key, hashes.SHA256())

    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    is_root = x509.BasicConstraints(ca=True, path_length=None)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    files = {
        "ca.pem": certificate("test ca", root, "test ca", root, is_root),
        "cert.pem": certificate(
            "issuer", leaf, "test ca", root, x509.SubjectAlternativeName([address])
        ),
    }
    for name, made in files.items():
        (folder / name).write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        leaf.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
