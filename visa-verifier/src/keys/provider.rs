//! ring for jsonwebtoken: RS256 and ES256 exist, nothing else.
//!
//! jsonwebtoken is built without a backend, so that no other algorithm can be reached. Its first sign or verify
//! panics if nothing is installed: [`install`] stands at the top of whatever signs or verifies.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};

/// Makes ring what jsonwebtoken signs and verifies with, in this process. Calls after the first do nothing.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // refused only if some other provider is there already; then verification fails loudly in our tests
        let _ = PROVIDER.install_default();
    });
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if (*algorithm == Algorithm::RS256 && key.family() == AlgorithmFamily::Rsa)
        || (*algorithm == Algorithm::ES256 && key.family() == AlgorithmFamily::Ec)
    {
        return Ok(Box::new(RingVerifier {
            algorithm: *algorithm,
            key: key.clone(),
        }));
    }
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let refused = |_| SignatureError::new();
        match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } if self.algorithm == Algorithm::RS256 => {
                RsaPublicKeyComponents { n, e }
                    .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                    .map_err(refused)
            }
            DecodingKeyKind::SecretOrDer(point) if self.algorithm == Algorithm::ES256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .map_err(refused)
            }
            DecodingKeyKind::RsaModulusExponent { .. } | DecodingKeyKind::SecretOrDer(_) => Err(SignatureError::new()),
        }
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    let wrong = || Error::from(ErrorKind::InvalidKeyFormat);
    if *algorithm == Algorithm::ES256 && key.family() == AlgorithmFamily::Ec {
        #[expect(
            clippy::disallowed_methods,
            reason = "ring's signatures take ring's own randomness: nonces are not a seam"
        )]
        let random = ring::rand::SystemRandom::new();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_bytes(), &random).map_err(|_| wrong())?;
        return Ok(Box::new(RingSigner {
            algorithm: *algorithm,
            pair: Pair::Ec(Box::new(pair), random),
        }));
    }
    if *algorithm == Algorithm::RS256 && key.family() == AlgorithmFamily::Rsa {
        #[expect(
            clippy::disallowed_methods,
            reason = "ring's signatures take ring's own randomness: nonces are not a seam"
        )]
        let random = ring::rand::SystemRandom::new();
        // PKCS#8 is what our own keys are kept as; PKCS#1 is what jsonwebtoken documents
        let pair = RsaKeyPair::from_pkcs8(key.as_bytes())
            .or_else(|_| RsaKeyPair::from_der(key.as_bytes()))
            .map_err(|_| wrong())?;
        return Ok(Box::new(RingSigner {
            algorithm: *algorithm,
            pair: Pair::Rsa(Box::new(pair), random),
        }));
    }
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

struct RingSigner {
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Ec(Box<EcdsaKeyPair>, ring::rand::SystemRandom),
    Rsa(Box<RsaKeyPair>, ring::rand::SystemRandom),
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        match &self.pair {
            Pair::Ec(pair, random) => pair
                .sign(random, message)
                .map(|s| s.as_ref().to_vec())
                .map_err(|_| SignatureError::new()),
            Pair::Rsa(pair, random) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, random, message, &mut signature)
                    .map_err(|_| SignatureError::new())?;
                Ok(signature)
            }
        }
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
