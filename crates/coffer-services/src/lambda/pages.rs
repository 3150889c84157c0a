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

/// How many rows a page has at most; fewer where each of them brings its versions.
pub(super) fn most(given: Option<i32>, with_versions: bool) -> usize {
    let page = if with_versions { PAGE_WITH_VERSIONS } else { PAGE };
    given.and_then(|given| usize::try_from(given).ok()).unwrap_or(page).min(page)
}

/// AWS: 50, even where more are asked for (Lambda API reference, ListFunctions).
const PAGE: usize = 50;
const PAGE_WITH_VERSIONS: usize = 10;
