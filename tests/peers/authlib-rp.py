"""Logs in at an issuer with PyPI's Authlib, and exchanges tokens; see authlib.sh."""

import json
import os
import pathlib
import subprocess
import sys

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oidc.core import CodeIDToken

PASSPORT = "urn:ga4gh:params:oauth:token-type:passport"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"

issuer, client_id, redirect, audience = sys.argv[1:5]
here = pathlib.Path(__file__).resolve().parent
session = OAuth2Session(
    client_id,
    os.environ["VISUM_RP_SECRET"],
    scope="openid profile email ga4gh_passport_v1 offline_access",
    redirect_uri=redirect,
    code_challenge_method="S256",
    token_endpoint_auth_method="client_secret_basic",
)
# The test CA alone, whatever the environment says of proxies and authorities.
session.trust_env = False
session.verify = os.environ["SSL_CERT_FILE"]
server = session.get(f"{issuer}/.well-known/openid-configuration", withhold_token=True).json()
keys = session.get(server["jwks_uri"], withhold_token=True).json()

verifier, nonce = generate_token(48), generate_token(20)
url, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
back = subprocess.run(["node", here / "browse.mjs", url, redirect], check=True, capture_output=True, text=True)
back = back.stdout.splitlines()[-1]
token = session.fetch_token(server["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)

claims = JsonWebToken(server["id_token_signing_alg_values_supported"]).decode(
    token["id_token"],
    JsonWebKey.import_key_set(keys),
    claims_cls=CodeIDToken,
    claims_options={"iss": {"values": [server["issuer"]]}, "aud": {"values": [client_id]}},
    claims_params={"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]},
)
claims.validate(leeway=5)
userinfo = session.get(server["userinfo_endpoint"]).json()


def refused(**words):
    """What the token endpoint says to a request that it must not grant."""
    try:
        session.fetch_token(server["token_endpoint"], **words)
    except OAuthError as problem:
        return problem.error
    return None


exchanged = {
    "grant_type": EXCHANGE,
    "subject_token": token["access_token"],
    "subject_token_type": ACCESS,
    "requested_token_type": PASSPORT,
    "audience": audience,
}
passport = session.fetch_token(server["token_endpoint"], **exchanged)
climbing = refused(**{**exchanged, "subject_token": passport["access_token"]})
elsewhere = refused(**{**exchanged, "audience": "https://elsewhere.example.org"})

refreshed = session.refresh_token(server["token_endpoint"], refresh_token=token["refresh_token"])
again = refused(authorization_response=back, state=state, code_verifier=verifier)
# A code shown twice ends what its first use brought (RFC 6749 section 4.1.2).
after = refused(grant_type="refresh_token", refresh_token=refreshed["refresh_token"])

shown = JsonWebToken(server["id_token_signing_alg_values_supported"])
key_of_passport = shown.decode(passport["access_token"], JsonWebKey.import_key_set(keys))
print(json.dumps({
    "claims": dict(claims),
    "alg": claims.header["alg"],
    "userinfo": userinfo,
    "passport": {"type": passport["issued_token_type"], "claims": dict(key_of_passport), "typ": key_of_passport.header["typ"]},
    "rotated": refreshed["refresh_token"] != token["refresh_token"],
    "refused": {"passport_as_subject": climbing, "audience_elsewhere": elsewhere, "code_again": again, "refresh_after_it": after},
}))
