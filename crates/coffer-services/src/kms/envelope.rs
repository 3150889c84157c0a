//! Encryption under a KMS key, for KMS's own operations and for the services that seal with it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_model::{Region, Sensitive};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_seal::{SealedWith, context_bytes, open_once, pairs_bytes, pairs_of_bytes, seal_once};
use zeroize::Zeroizing;

use super::errors::KmsError;
use super::key::{KeyRecord, key_arn};
use super::multi_region::place_of;

/// An encryption context: names and values bound to a ciphertext, kept nowhere in it.
pub type EncryptionContext = BTreeMap<String, String>;

/// A context in the bytes that messages are bound to, for one that is known beforehand.
pub struct BoundContext(Vec<u8>);

impl BoundContext {
    /// Makes the context of these names and values, which stand in the order of names.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        debug_assert!(pairs.is_sorted(), "names out of order");
        Self(pairs_bytes(pairs.iter().copied()))
    }
}

/// What messages can be bound to: a context, in bytes.
pub trait Bound: Sync {
    /// The bytes.
    fn bound(&self) -> Cow<'_, [u8]>;

    /// The names and values.
    fn pairs(&self) -> Vec<(&str, &str)>;
}

impl Bound for EncryptionContext {
    fn bound(&self) -> Cow<'_, [u8]> {
        context_bytes(self).into()
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl Bound for BoundContext {
    fn bound(&self) -> Cow<'_, [u8]> {
        (&self.0).into()
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        pairs_of_bytes(&self.0)
    }
}

/// A data key in the clear and sealed under a KMS key.
pub struct DataKey {
    /// The key itself.
    pub plaintext: Sensitive<Vec<u8>>,
    /// The same under the KMS key, for `Decrypt`.
    pub ciphertext: Vec<u8>,
}

/// What a ciphertext says of itself: which key and which of its material sealed it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) arn: String,
    pub(super) material_id: String,
}

/// Reads what a ciphertext says of itself; nothing for bytes that are no ciphertext of KMS. Where
/// its key has related ones, that of the region at hand is meant.
pub(super) fn origin_of(blob: &[u8], region: &Region) -> Option<Origin> {
    let (head, _) = Head::read(blob)?;
    let arn = key_arn(&place_of(&head.scope, head.key_id, region), head.key_id);
    Some(Origin { arn, material_id: head.material_id.to_owned() })
}

/// Whether a ciphertext was sealed under this key, by whichever of its material.
pub fn is_under(blob: &[u8], key: &KeyRecord) -> bool {
    Head::read(blob).is_some_and(|(head, _)| head.key_id == key.key_id && head.scope == key.scope())
}

/// Seals a message under a key: what `Encrypt` does.
///
/// # Errors
/// A key that is disabled or pending deletion.
pub(super) fn encrypt(
    call: &Call<'_>,
    key: &KeyRecord,
    context: &impl Bound,
    plain: &[u8],
) -> Result<Vec<u8>, Fault> {
    key.must_be_usable()?;
    let (material_id, material) = key.current(call.root_key())?;
    let mut blob = Head { scope: key.scope(), key_id: &key.key_id, material_id }.write()?;
    let bound = bound_to(&blob, context);
    let sealed = material.seal(SealedWith::KmsKey, call.entropy(), &bound, plain);
    blob.extend_from_slice(&sealed);
    Ok(blob)
}

/// Opens a ciphertext with the key that it names: what `Decrypt` does. The caller's permission on
/// that key is asked for before.
///
/// # Errors
/// See [`Sealed::read`], [`Sealed::key`] and [`Sealed::open`].
pub(super) async fn decrypt(
    call: &mut Call<'_>,
    context: &impl Bound,
    blob: &[u8],
) -> Result<(Sensitive<Vec<u8>>, Arc<KeyRecord>), Fault> {
    let sealed = Sealed::read(blob)?;
    let key = sealed.key(call, call.region()).await?;
    let plain = sealed.open(call, &key, context)?;
    Ok((plain, key))
}

/// A ciphertext, taken apart.
pub(super) struct Sealed<'a> {
    head: Head<'a>,
    head_bytes: &'a [u8],
    message: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Takes a ciphertext apart.
    ///
    /// # Errors
    /// `InvalidCiphertextException` for what is no ciphertext.
    pub(super) fn read(blob: &'a [u8]) -> Result<Self, Fault> {
        let (head, message) = Head::read(blob).ok_or_else(invalid_ciphertext)?;
        let head_bytes = blob.get(..blob.len() - message.len()).unwrap_or_default();
        Ok(Self { head, head_bytes, message })
    }

    /// The key that it names.
    ///
    /// # Errors
    /// `AccessDeniedException` for a key that is not, or not in this region.
    pub(super) async fn key(
        &self,
        call: &mut Call<'_>,
        region: &Region,
    ) -> Result<Arc<KeyRecord>, Fault> {
        let Head { scope, key_id, .. } = &self.head;
        let scope = place_of(scope, key_id, region);
        if scope.region != *region {
            return Err(unknown_key());
        }
        let row = KeyRecord::key_of(&scope, key_id);
        call.get::<KeyRecord>(&row).await?.ok_or_else(unknown_key)
    }

    /// Opens it with its key.
    ///
    /// # Errors
    /// `InvalidCiphertextException` where it does not open, whatever the reason; a key that is
    /// disabled or pending deletion.
    pub(super) fn open(
        &self,
        call: &Call<'_>,
        key: &KeyRecord,
        context: &impl Bound,
    ) -> Result<Sensitive<Vec<u8>>, Fault> {
        key.must_be_usable()?;
        let material = key.material(call.root_key(), self.head.material_id)?;
        let material = material.ok_or_else(invalid_ciphertext)?;
        let bound = bound_to(self.head_bytes, context);
        let keys = call.message_keys();
        let plain = material.open_again(SealedWith::KmsKey, &bound, self.message, keys);
        let mut plain = plain.map_err(|_| invalid_ciphertext())?;
        Ok(Sensitive::new(std::mem::take(&mut *plain)))
    }
}

/// Draws a data key of so many bytes and seals it: what `GenerateDataKey` does.
///
/// # Errors
/// See [`encrypt`].
pub(super) fn generate_data_key(
    call: &Call<'_>,
    key: &KeyRecord,
    context: &impl Bound,
    key_bytes: usize,
) -> Result<DataKey, Fault> {
    let mut plaintext = Zeroizing::new(vec![0; key_bytes]);
    call.entropy().fill(&mut plaintext);
    let ciphertext = encrypt(call, key, context, &plaintext)?;
    Ok(DataKey { plaintext: Sensitive::new(std::mem::take(&mut *plaintext)), ciphertext })
}

/// Seals data under a data key, which seals nothing else and so is used up by it. Returns the
/// sealed data and the sealed data key.
pub fn seal_with_data_key(
    call: &Call<'_>,
    data_key: DataKey,
    context: &impl Bound,
    plain: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let key = data_key.plaintext.expose();
    let sealed = seal_once(key, call.entropy(), &context.bound(), plain)
        .map_err(|_| Fault::internal("a data key is not 32 bytes long"))?;
    Ok((sealed, data_key.ciphertext))
}

/// Opens what [`seal_with_data_key`] made, given the opened data key.
pub fn open_with_data_key(
    data_key: &Sensitive<Vec<u8>>,
    context: &impl Bound,
    sealed: &[u8],
) -> Result<Sensitive<Vec<u8>>, Fault> {
    let plain = open_once(data_key.expose(), &context.bound(), sealed);
    let mut plain = plain.map_err(|_| invalid_ciphertext())?;
    Ok(Sensitive::new(std::mem::take(&mut *plain)))
}

/// The fault of every ciphertext that does not open; it has no message, as AWS's has none.
pub fn invalid_ciphertext() -> Fault {
    KmsError::InvalidCiphertextException.bare()
}

/// The fault of a ciphertext of a key that this caller cannot reach.
fn unknown_key() -> Fault {
    // AWS: one sentence for all the reasons, so that nobody learns which (seen in many reports of
    // ciphertexts that were taken to another region).
    Fault::access_denied(
        "The ciphertext refers to a customer master key that does not exist, does not exist in \
         this region, or you are not allowed to access.",
    )
}

/// What stands before the sealed bytes: which key, which material.
///
/// `format (1) · length (1) · ACCOUNT:REGION:KEY-ID · length (1) · material id · checksum (8)`
///
/// The checksum tells a damaged head from that of another key; it protects nothing, since all of
/// the head is bound to the message.
struct Head<'a> {
    scope: Scope,
    key_id: &'a str,
    material_id: &'a str,
}

impl<'a> Head<'a> {
    fn write(&self) -> Result<Vec<u8>, Fault> {
        let name = format!("{}:{}:{}", self.scope.account, self.scope.region, self.key_id);
        let mut out = Vec::with_capacity(256);
        out.push(FORMAT);
        for text in [name.as_str(), self.material_id] {
            let length = u8::try_from(text.len())
                .map_err(|_| Fault::internal("a key's name is too long for a ciphertext"))?;
            out.push(length);
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(&checksum(&out));
        Ok(out)
    }

    fn read(blob: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&format, rest) = blob.split_first()?;
        if format != FORMAT {
            return None;
        }
        let (name, rest) = text_of(rest)?;
        let (material_id, rest) = text_of(rest)?;
        let summed = blob.get(..blob.len() - rest.len())?;
        let (sum, sealed) = rest.split_first_chunk()?;
        if *sum != checksum(summed) {
            return None;
        }
        let mut colons = memchr::memchr_iter(b':', name.as_bytes());
        let (first, second) = (colons.next()?, colons.next()?);
        let account = name.get(..first)?.parse().ok()?;
        let region = name.get(first + 1..second)?.parse().ok()?;
        let key_id = name.get(second + 1..)?;
        Some((Self { scope: Scope { account, region }, key_id, material_id }, sealed))
    }
}

fn text_of(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(length))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// FNV-1a over words of eight bytes, the last one filled up: any one changed byte changes it.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    let (words, rest) = bytes.as_chunks::<8>();
    let sum =
        words.iter().fold(0xcbf2_9ce4_8422_2325, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(0, |word: u64, byte| (word << 8) | u64::from(*byte));
    mix(mix(sum, last), bytes.len() as u64).to_be_bytes()
}

/// A message is bound to the head before it and to its context.
fn bound_to(head: &[u8], context: &impl Bound) -> Vec<u8> {
    let (length, context) = ((head.len() as u64).to_be_bytes(), context.bound());
    let mut bound = Vec::with_capacity(length.len() + head.len() + context.len());
    bound.extend_from_slice(&length);
    bound.extend_from_slice(head);
    bound.extend_from_slice(&context);
    bound
}

const FORMAT: u8 = 1;

#[cfg(test)]
mod tests;
