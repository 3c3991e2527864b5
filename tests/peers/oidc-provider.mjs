// An OpenID Provider by npm's oidc-provider; see oidc-provider.sh. Its signing keys and cookie keys are made here, at start.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';

const { VISUM_OP_HOST: host, VISUM_OP_PORT: port, VISUM_OP_CLIENT, VISUM_OP_SECRET, VISUM_OP_REDIRECTS } = process.env;
const issuer = `http://${host}:${port}`;
const key = (type, options, more) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more });

const provider = new Provider(issuer, {
  clients: [{
    client_id: VISUM_OP_CLIENT,
    client_secret: VISUM_OP_SECRET,
    redirect_uris: VISUM_OP_REDIRECTS.split(','),
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  jwks: { keys: [key('rsa', { modulusLength: 2048 }, { alg: 'RS256', kid: 'r1' }), key('ec', { namedCurve: 'P-256' }, { alg: 'ES256', kid: 'e1' })] },
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => false },
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, email: `${id}@home.example.org`, email_verified: true, name: id }),
  }),
});
provider.listen(Number(port), host, () => console.log('oidc-provider at', issuer));
