//! Key pairs of every kind: what they make and what they refuse.

use super::{
    Curve, KeyPair, KeyPairSpec, Message, MlDsaSet, MlKemSet, OaepHash, RsaBits, SignatureHash,
    SigningScheme,
};

const SPECS: [KeyPairSpec; 12] = [
    KeyPairSpec::Rsa(RsaBits::Rsa2048),
    KeyPairSpec::Rsa(RsaBits::Rsa3072),
    KeyPairSpec::Curve(Curve::P256),
    KeyPairSpec::Curve(Curve::P384),
    KeyPairSpec::Curve(Curve::P521),
    KeyPairSpec::Curve(Curve::P256k1),
    KeyPairSpec::Ed25519,
    KeyPairSpec::MlDsa(MlDsaSet::MlDsa44),
    KeyPairSpec::MlDsa(MlDsaSet::MlDsa65),
    KeyPairSpec::MlDsa(MlDsaSet::MlDsa87),
    KeyPairSpec::MlKem(MlKemSet::MlKem512),
    KeyPairSpec::MlKem(MlKemSet::MlKem1024),
];

const HASHES: [SignatureHash; 3] =
    [SignatureHash::Sha256, SignatureHash::Sha384, SignatureHash::Sha512];

fn schemes() -> Vec<SigningScheme> {
    let pss = HASHES.map(SigningScheme::RsaPss);
    let pkcs1 = HASHES.map(SigningScheme::RsaPkcs1);
    let others = [SigningScheme::Ecdsa, SigningScheme::Ed25519, SigningScheme::MlDsa];
    [pss, pkcs1, others].concat()
}

fn fits(spec: KeyPairSpec, scheme: SigningScheme) -> bool {
    match scheme {
        SigningScheme::RsaPss(_) | SigningScheme::RsaPkcs1(_) => {
            matches!(spec, KeyPairSpec::Rsa(_))
        }
        SigningScheme::Ecdsa => matches!(spec, KeyPairSpec::Curve(_)),
        SigningScheme::Ed25519 => spec == KeyPairSpec::Ed25519,
        SigningScheme::MlDsa => matches!(spec, KeyPairSpec::MlDsa(_)),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { panic!("an odd digit") };
    pairs.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect()
}

#[test]
fn a_private_key_comes_back_as_the_pair_that_it_was_and_as_no_other_kind() {
    for spec in SPECS {
        let pair = KeyPair::generate(spec).unwrap();
        let again = KeyPair::from_private_der(spec, pair.private_der()).unwrap();
        assert_eq!(pair.public_der(), again.public_der());
        assert_eq!(again.spec(), spec);
        for other in SPECS {
            let read = KeyPair::from_private_der(other, pair.private_der());
            assert_eq!(read.is_ok(), other == spec, "{spec:?} as {other:?}");
        }
        let cut = &pair.private_der()[..pair.private_der().len() - 1];
        assert!(KeyPair::from_private_der(spec, cut).is_err());
        assert!(!format!("{pair:?}").contains("["));
    }
}

#[test]
fn a_signature_is_of_one_message_one_scheme_and_one_pair() {
    for spec in SPECS {
        let (pair, other) = (KeyPair::generate(spec).unwrap(), KeyPair::generate(spec).unwrap());
        for scheme in schemes() {
            let signed = pair.sign(scheme, Message::Whole(b"message"));
            assert_eq!(signed.is_ok(), fits(spec, scheme), "{spec:?} {scheme:?}");
            let Ok(signature) = signed else {
                assert!(pair.verify(scheme, Message::Whole(b"message"), b"").is_err());
                continue;
            };
            let holds = |pair: &KeyPair, message: &[u8], signature: &[u8]| {
                pair.verify(scheme, Message::Whole(message), signature).unwrap()
            };
            assert!(holds(&pair, b"message", &signature));
            assert!(!holds(&pair, b"massage", &signature));
            assert!(!holds(&other, b"message", &signature));
            let mut changed = signature.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert!(!holds(&pair, b"message", &changed));
            assert!(!holds(&pair, b"message", &[]));
            for another in schemes().into_iter().filter(|scheme| fits(spec, *scheme)) {
                let outcome = pair.verify(another, Message::Whole(b"message"), &signature);
                assert_eq!(outcome, Ok(another == scheme), "{scheme:?} as {another:?}");
            }
        }
    }
}

#[test]
fn a_message_may_come_hashed_where_the_scheme_hashes() {
    use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
    let hashed = |hash| match hash {
        SignatureHash::Sha256 => digest(&SHA256, b"message"),
        SignatureHash::Sha384 => digest(&SHA384, b"message"),
        SignatureHash::Sha512 => digest(&SHA512, b"message"),
    };
    for spec in SPECS {
        let pair = KeyPair::generate(spec).unwrap();
        for scheme in schemes().into_iter().filter(|scheme| fits(spec, *scheme)) {
            let hash = match (scheme, spec) {
                (SigningScheme::RsaPss(hash) | SigningScheme::RsaPkcs1(hash), _) => hash,
                (SigningScheme::Ecdsa, KeyPairSpec::Curve(curve)) => curve.hash(),
                _ => {
                    assert!(pair.sign(scheme, Message::Hashed(&[0; 64])).is_err());
                    assert!(pair.verify(scheme, Message::Hashed(&[0; 64]), &[]).is_err());
                    continue;
                }
            };
            let digest = hashed(hash);
            let signature = pair.sign(scheme, Message::Hashed(digest.as_ref())).unwrap();
            assert!(pair.verify(scheme, Message::Whole(b"message"), &signature).unwrap());
            let whole = pair.sign(scheme, Message::Whole(b"message")).unwrap();
            assert!(pair.verify(scheme, Message::Hashed(digest.as_ref()), &whole).unwrap());
            assert!(pair.sign(scheme, Message::Hashed(&digest.as_ref()[1..])).is_err());
        }
    }
}

#[test]
fn ed25519_signs_as_in_rfc_8032() {
    // RFC 8032, 7.1, TEST 2; the seed in PKCS#8 (RFC 8410).
    let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let der = unhex(&format!("302e020100300506032b657004220420{seed}"));
    let pair = KeyPair::from_private_der(KeyPairSpec::Ed25519, &der).unwrap();
    let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    assert!(pair.public_der().ends_with(&unhex(public)));
    let signature = pair.sign(SigningScheme::Ed25519, Message::Whole(&[0x72])).unwrap();
    let wanted = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                  085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(signature, unhex(wanted));
}

#[test]
fn oaep_opens_what_it_sealed_with_the_same_hash_and_fits_its_bounds() {
    let bits = RsaBits::Rsa2048;
    let pair = KeyPair::generate(KeyPairSpec::Rsa(bits)).unwrap();
    assert_eq!(OaepHash::Sha1.plain_bytes_max(bits), 214);
    assert_eq!(OaepHash::Sha256.plain_bytes_max(RsaBits::Rsa4096), 446);
    for (hash, other) in [(OaepHash::Sha1, OaepHash::Sha256), (OaepHash::Sha256, OaepHash::Sha1)] {
        let plain = vec![0xff; hash.plain_bytes_max(bits)];
        let sealed = pair.encrypt(hash, &plain).unwrap();
        assert_eq!(pair.decrypt(hash, &sealed).unwrap().as_slice(), plain);
        assert!(pair.decrypt(other, &sealed).is_err());
        assert!(pair.decrypt(hash, &sealed[1..]).is_err());
        assert!(pair.encrypt(hash, &[plain, vec![0]].concat()).is_err());
    }
    let curve = KeyPair::generate(KeyPairSpec::Curve(Curve::P256)).unwrap();
    assert!(curve.encrypt(OaepHash::Sha1, b"x").is_err());
    assert!(curve.decrypt(OaepHash::Sha1, b"x").is_err());
}

#[test]
fn two_pairs_of_a_curve_agree_on_one_secret() {
    for (curve, bytes) in [(Curve::P256, 32), (Curve::P384, 48), (Curve::P521, 66)] {
        let make = || KeyPair::generate(KeyPairSpec::Curve(curve)).unwrap();
        let (one, other) = (make(), make());
        let secret = one.agree(other.public_der()).unwrap();
        assert_eq!(secret.len(), bytes);
        assert_eq!(secret, other.agree(one.public_der()).unwrap());
        assert_ne!(secret, one.agree(make().public_der()).unwrap());
        let (_, point) = other.public_der().split_at(other.public_der().len() - (2 * bytes + 1));
        assert!(one.agree(point).is_err(), "a bare point is no public key in DER");
        assert!(one.agree(&[]).is_err());
        let stranger = if curve == Curve::P256 { Curve::P384 } else { Curve::P256 };
        let stranger = KeyPair::generate(KeyPairSpec::Curve(stranger)).unwrap();
        assert!(one.agree(stranger.public_der()).is_err());
    }
    let bitcoin = KeyPair::generate(KeyPairSpec::Curve(Curve::P256k1)).unwrap();
    assert!(bitcoin.agree(bitcoin.public_der()).is_err());
}

#[test]
fn a_secret_is_encapsulated_for_one_pair() {
    for (set, bytes) in
        [(MlKemSet::MlKem512, 768), (MlKemSet::MlKem768, 1088), (MlKemSet::MlKem1024, 1568)]
    {
        let make = || KeyPair::generate(KeyPairSpec::MlKem(set)).unwrap();
        let (pair, other) = (make(), make());
        let (sealed, secret) = pair.encapsulate().unwrap();
        assert_eq!((sealed.len(), secret.len()), (bytes, 32));
        assert_eq!(pair.decapsulate(&sealed).unwrap(), secret);
        assert_ne!(other.decapsulate(&sealed).unwrap(), secret);
        assert!(pair.decapsulate(&sealed[1..]).is_err());
        let mut changed = sealed;
        changed[0] ^= 1;
        let implicit = pair.decapsulate(&changed).unwrap();
        assert_ne!(implicit, secret);
        assert_eq!(implicit, pair.decapsulate(&changed).unwrap());
    }
}

#[test]
fn a_private_key_whose_public_key_is_anothers_is_refused() {
    let spec = KeyPairSpec::MlKem(MlKemSet::MlKem512);
    let (one, other) = (KeyPair::generate(spec).unwrap(), KeyPair::generate(spec).unwrap());
    let public = |pair: &KeyPair| pair.public_der()[pair.public_der().len() - 800..].to_vec();
    let place = one.private_der().windows(800).position(|window| window == public(&one)).unwrap();
    let mut mixed = one.private_der().to_vec();
    mixed[place..place + 800].copy_from_slice(&public(&other));
    assert!(KeyPair::from_private_der(spec, &mixed).is_err());
}
