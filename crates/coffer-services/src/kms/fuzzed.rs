//! What the targets of `fuzz/` reach of this service.

use coffer_model::Region;
use coffer_store::golden::Rewriter;

use super::alias::AliasRecord;
use super::grant::{GrantCountRecord, GrantRecord};
use super::import_token::ImportToken;
use super::key::KeyRecord;
use super::last_use::LastUseRecord;
use super::material::OpenMaterial;
use super::wire::KeySpec;

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<AliasRecord>(),
    Rewriter::of::<GrantCountRecord>(),
    Rewriter::of::<GrantRecord>(),
    Rewriter::of::<KeyRecord>(),
    Rewriter::of::<LastUseRecord>(),
];

/// What a ciphertext says of itself: the ARN of its key, and the id of the key's material.
pub fn origin_of(blob: &[u8], region: &Region) -> Option<(String, String)> {
    super::envelope::origin_of(blob, region).map(|origin| (origin.arn, origin.material_id))
}

/// The specs of keys that imported bytes can be the material of.
pub fn specs_of(material: &[u8]) -> Vec<&'static str> {
    let specs = KeySpec::VALUES.iter().filter(|spec| {
        let kind = spec.parse::<KeySpec>().ok().and_then(KeySpec::material);
        kind.is_some_and(|kind| OpenMaterial::read(kind, material).is_some())
    });
    specs.copied().collect()
}

/// Unwraps material by an import token that was opened: nothing where it is no token, and otherwise
/// the material, or the code of what the caller is told.
pub fn unwrapped(token: &[u8], wrapped: &[u8]) -> Option<Result<Vec<u8>, &'static str>> {
    let unwrapped = ImportToken::read(token)?.unwrap(wrapped);
    Some(unwrapped.map(|material| material.to_vec()).map_err(|fault| fault.code))
}
