//! OpenID Provider, relying party, visa issuer, catalogue and grants.
