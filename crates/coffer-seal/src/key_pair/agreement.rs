//! ECDH: two key pairs agree on a secret.

use aws_lc_rs::agreement::{
    self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, ParsedPublicKeyFormat,
    PrivateKey, UnparsedPublicKey,
};
use zeroize::Zeroizing;

use super::{Curve, KeyPair, KeyPairSpec, UnfitKeyPair};

impl KeyPair {
    /// The secret that this pair and the owner of a public key agree on: the x-coordinate that
    /// ECDH comes to. The public key is a `SubjectPublicKeyInfo` of X.509.
    ///
    /// # Errors
    /// A pair that is not for this, and a public key that is none of the same curve.
    pub fn agree(&self, peer_public_der: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnfitKeyPair> {
        let algorithm = self.agreement()?;
        let private = PrivateKey::from_private_key_der(algorithm, &self.private);
        let private = private.map_err(|_| UnfitKeyPair)?;
        let unparsed = UnparsedPublicKey::new(algorithm, peer_public_der);
        let peer = ParsedPublicKey::try_from(&unparsed).map_err(|_| UnfitKeyPair)?;
        if peer.format() != ParsedPublicKeyFormat::X509 {
            return Err(UnfitKeyPair);
        }
        agreement::agree(&private, peer, UnfitKeyPair, |secret| Ok(Zeroizing::new(secret.to_vec())))
    }

    fn agreement(&self) -> Result<&'static Algorithm, UnfitKeyPair> {
        match self.spec {
            KeyPairSpec::Curve(Curve::P256) => Ok(&ECDH_P256),
            KeyPairSpec::Curve(Curve::P384) => Ok(&ECDH_P384),
            KeyPairSpec::Curve(Curve::P521) => Ok(&ECDH_P521),
            _ => Err(UnfitKeyPair),
        }
    }
}
