//! Pages of functions and of versions.

use coffer_protocol::Fault;
use coffer_store::Key;

use super::errors::LambdaError;
use crate::page;

/// The row that a page begins after.
///
/// # Errors
/// A marker that no page gave.
pub(super) fn after(marker: Option<&str>, prefix: &[u8]) -> Result<Option<Key>, Fault> {
    let Some(marker) = marker.filter(|marker| !marker.is_empty()) else { return Ok(None) };
    let place = page::place(marker, prefix);
    let invalid = || LambdaError::InvalidParameterValueException.with("Invalid marker.");
    place.map(Some).ok_or_else(invalid)
}

/// How many rows a page has at most.
pub(super) fn most(given: Option<i32>) -> usize {
    given.and_then(|given| usize::try_from(given).ok()).unwrap_or(PAGE).min(PAGE)
}

/// AWS: 50, even where more are asked for (Lambda API reference, ListFunctions).
const PAGE: usize = 50;
