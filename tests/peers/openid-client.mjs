// Logs in at an issuer with npm's openid-client; see openid-client.sh.
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const [issuer, id, redirect] = process.argv.slice(2);
const { VISUM_RP_SECRET: secret, VISUM_RP_SCOPE: scope = 'openid profile email', VISUM_RP_LOGIN: login = 'ada', VISUM_RP_UPSTREAM: upstream } = process.env;

const plain = new URL(issuer).protocol === 'http:';
const config = await client.discovery(new URL(issuer), id, secret, secret ? undefined : client.None(), plain ? { execute: [client.allowInsecureRequests] } : undefined);
const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: redirect, scope, state, nonce, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  ...(process.env.VISUM_RP_RESOURCE ? { resource: process.env.VISUM_RP_RESOURCE } : {}),
});
const back = await new Browser().until(url, redirect, { login, upstream });
const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
const claims = tokens.claims();
const userinfo = config.serverMetadata().userinfo_endpoint ? await client.fetchUserInfo(config, tokens.access_token, claims.sub) : null;
const more = process.env.VISUM_RP_TOKENS ? { access_token: tokens.access_token } : {};
console.log(JSON.stringify({ claims, userinfo, scope: tokens.scope, refresh: Boolean(tokens.refresh_token), ...more }));
