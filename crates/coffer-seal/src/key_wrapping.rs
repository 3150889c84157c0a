//! Key material that comes from outside, wrapped under an RSA key that was handed out for it.

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use zeroize::Zeroizing;

use crate::OpenError;
use crate::key_pair::{KeyPair, KeyPairSpec, OaepHash};

/// How material is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// The material itself under RSAES-OAEP.
    Oaep(OaepHash),
    /// A fresh AES key under RSAES-OAEP, and the material under that key with AES key wrap with
    /// padding (RFC 5649): PKCS#11's `CKM_RSA_AES_KEY_WRAP`.
    OaepAndAes(OaepHash),
}

/// Unwraps material.
///
/// # Errors
/// Whatever does not open.
pub fn unwrap_material(
    key: &KeyPair,
    wrapping: Wrapping,
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let KeyPairSpec::Rsa(bits) = key.spec() else { return Err(OpenError) };
    match wrapping {
        Wrapping::Oaep(hash) => key.decrypt(hash, wrapped),
        Wrapping::OaepAndAes(hash) => {
            let (first, second) =
                wrapped.split_at_checked(bits.modulus_bytes()).ok_or(OpenError)?;
            let aes = key.decrypt(hash, first)?;
            let aes = AesKek::new(&AES_256, &aes).map_err(|_| OpenError)?;
            let mut material = Zeroizing::new(vec![0; second.len()]);
            let opened = aes.unwrap_with_padding(second, &mut material);
            let material_bytes = opened.map_err(|_| OpenError)?.len();
            material.truncate(material_bytes);
            Ok(material)
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};

    use super::{Wrapping, unwrap_material};
    use crate::key_pair::{KeyPair, KeyPairSpec, OaepHash, RsaBits};

    #[test]
    fn material_comes_out_of_each_wrapping_whole_or_not_at_all() {
        let key = KeyPair::generate(KeyPairSpec::Rsa(RsaBits::Rsa2048)).unwrap();
        for hash in [OaepHash::Sha1, OaepHash::Sha256] {
            let wrapped = key.encrypt(hash, &[9; 32]).unwrap();
            let unwrapped = unwrap_material(&key, Wrapping::Oaep(hash), &wrapped).unwrap();
            assert_eq!(unwrapped.as_slice(), [9; 32]);
            assert!(unwrap_material(&key, Wrapping::OaepAndAes(hash), &wrapped).is_err());

            let mut wrapped = key.encrypt(hash, &[5; 32]).unwrap();
            let mut second = vec![0; 2000];
            let aes = AesKek::new(&AES_256, &[5; 32]).unwrap();
            let second = aes.wrap_with_padding(&[3; 1233], &mut second).unwrap();
            wrapped.extend_from_slice(second);
            let unwrapped = unwrap_material(&key, Wrapping::OaepAndAes(hash), &wrapped).unwrap();
            assert_eq!(unwrapped.as_slice(), [3; 1233]);
            for place in [0, 255, 256, 300, wrapped.len() - 1] {
                let mut changed = wrapped.clone();
                changed[place] ^= 1;
                let outcome = unwrap_material(&key, Wrapping::OaepAndAes(hash), &changed);
                assert!(outcome.is_err(), "byte {place}");
            }
            for end in [0, 255, 256, 260, wrapped.len() - 1] {
                let cut = &wrapped[..end];
                assert!(unwrap_material(&key, Wrapping::OaepAndAes(hash), cut).is_err(), "{end}");
            }
        }
    }
}
