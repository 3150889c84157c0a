//! Ciphertexts that callers bring: KMS's own, messages of the Encryption SDK, contexts in bytes,
//! wrapped key material.

use std::collections::BTreeMap;

use coffer_seal::{
    SdkMessage, WrappedKey, context_bytes, open_once, pairs_bytes, pairs_of_bytes, seal_message,
};
use coffer_services::kms::fuzzed::origin_of;

use crate::Target;
use crate::sealed::Counting;

pub(crate) const TARGET: Target = Target { name: "ciphertext", bytes_max: 16 * 1024, run };

fn run(input: &[u8]) {
    let region = "us-east-1".parse().unwrap();
    if let Some((arn, _)) = origin_of(input, &region) {
        assert!(arn.starts_with("arn:"), "{arn}");
    }
    let pairs = pairs_of_bytes(input);
    assert_eq!(pairs_of_bytes(&pairs_bytes(pairs.iter().copied())), pairs);
    let context: BTreeMap<String, String> =
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let sorted = context_bytes(&context);
    let read =
        pairs_of_bytes(&sorted).into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(read.collect::<BTreeMap<_, _>>(), context);
    assert!(open_once(&KEY, b"", input).is_err());
    if let Ok(message) = SdkMessage::read(input) {
        // The key is not its key.
        assert!(message.wrapped().key_arn.len() <= input.len() && message.open(&KEY).is_err());
    }
    let wrapped =
        WrappedKey { key_arn: "arn:aws:kms:us-east-1:000000000000:key/a", ciphertext: b"c" };
    if let Ok(sealed) = seal_message(&Counting::new(), &KEY, wrapped, &context, input) {
        let message = SdkMessage::read(&sealed).unwrap();
        assert_eq!(message.context(), &context);
        assert_eq!(message.open(&KEY).unwrap().as_slice(), input);
    }
}

const KEY: [u8; 32] = [7; 32];
