//! Pages: `Marker` and `MaxItems` in, `IsTruncated` and `Marker` out.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record};

/// A page, and the marker of the next where there is one.
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// The marker of the next page.
    pub(super) marker: Option<String>,
}

impl<T> Page<T> {
    /// Takes the page that follows `marker` out of a listing whose entries are in the order of
    /// their names. A name has at most 225 bytes, so that its marker is one that callers may send.
    ///
    /// # Errors
    /// `ValidationError` for a marker that no listing gave.
    pub(super) fn of(
        entries: Vec<(String, T)>,
        marker: Option<&String>,
        items_max: Option<i32>,
    ) -> Result<Self, Fault> {
        let after = place_of(marker)?;
        let limit = limit_of(items_max);
        let mut rest =
            entries.into_iter().filter(|(name, _)| after.as_ref().is_none_or(|after| name > after));
        let mut items = Vec::new();
        let mut last = None;
        for (name, item) in rest.by_ref().take(limit) {
            items.push(item);
            last = Some(name);
        }
        let has_more = rest.next().is_some();
        Ok(Self { items, marker: last.filter(|_| has_more).map(|name| marker_of(&name)) })
    }

    /// Takes a page of what has no short names, by its place in the listing.
    ///
    /// # Errors
    /// `ValidationError` for a marker that no listing gave.
    pub(super) fn by_place(
        items: impl IntoIterator<Item = T>,
        marker: Option<&String>,
        items_max: Option<i32>,
    ) -> Result<Self, Fault> {
        let named = |(place, item)| (format!("{place:09}"), item);
        Self::of(items.into_iter().enumerate().map(named).collect(), marker, items_max)
    }

    /// Whether there is another page.
    pub(super) fn is_truncated(&self) -> bool {
        self.marker.is_some()
    }

    /// The same page of something else.
    pub(super) fn map<U>(self, to: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(to).collect(), marker: self.marker }
    }
}

/// Reads a page of an account's rows: those that `keep` lets through, in the order of their names.
/// `table` is the key that all of them are directly below.
///
/// AWS: a page may have fewer than `MaxItems` entries though there are more; a listing that keeps
/// few of its rows gives such pages.
///
/// # Errors
/// A marker that no listing gave; a store that cannot be read.
pub(super) async fn scan<R: Record>(
    call: &Call<'_>,
    table: &Key,
    marker: Option<&String>,
    items_max: Option<i32>,
    keep: impl Fn(&R) -> bool,
) -> Result<Page<Arc<R>>, Fault> {
    let limit = limit_of(items_max);
    let prefix = table.prefix();
    let mut after = place_of(marker)?.map(|name| table.child(name));
    let mut items = Vec::new();
    let mut last = None;
    for _ in 0..CHUNKS_MAX {
        let rows =
            call.scan::<R>(&prefix, after.as_ref(), CHUNK_ROWS, Direction::Ascending).await?;
        let is_end = rows.len() < CHUNK_ROWS;
        for (key, record) in rows {
            if keep(&record) {
                if items.len() == limit {
                    return Ok(Page { items, marker: last.as_ref().map(marker_of_key) });
                }
                items.push(record);
            }
            last = Some(key);
        }
        if is_end {
            return Ok(Page { items, marker: None });
        }
        after.clone_from(&last);
    }
    Ok(Page { items, marker: last.as_ref().map(marker_of_key) })
}

/// Reads all of an account's rows of one kind.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn all<R: Record>(call: &Call<'_>, prefix: &[u8]) -> Result<Vec<Arc<R>>, Fault> {
    let mut records = Vec::new();
    let mut after: Option<Key> = None;
    for _ in 0..ALL_CHUNKS_MAX {
        let rows = call.scan::<R>(prefix, after.as_ref(), CHUNK_ROWS, Direction::Ascending).await?;
        let is_end = rows.len() < CHUNK_ROWS;
        after = rows.last().map(|(key, _)| key.clone());
        records.extend(rows.into_iter().map(|(_, record)| record));
        if is_end {
            break;
        }
    }
    Ok(records)
}

fn marker_of(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

fn marker_of_key(key: &Key) -> String {
    URL_SAFE_NO_PAD.encode(key.last_part())
}

fn place_of(marker: Option<&String>) -> Result<Option<String>, Fault> {
    let Some(marker) = marker else { return Ok(None) };
    let name = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|name| String::from_utf8(name).ok());
    match name {
        Some(name) => Ok(Some(name)),
        // AWS: observed from ListUsers with a marker of one's own making.
        None => Err(Fault::validation(format!("Invalid Marker: {marker}"))),
    }
}

fn limit_of(said: Option<i32>) -> usize {
    said.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(ITEMS_USUAL).clamp(1, ITEMS_MAX)
}

/// AWS: a page has 100 entries where nothing is said (IAM API reference, `MaxItems`).
const ITEMS_USUAL: usize = 100;
const ITEMS_MAX: usize = 1000;
const CHUNK_ROWS: usize = 200;
const CHUNKS_MAX: usize = 50;
const ALL_CHUNKS_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn pages_hold_each_entry_once_and_the_last_says_so() {
        let entries = || (0..5).map(|number| (format!("n{number}"), number)).collect::<Vec<_>>();
        let mut seen = Vec::new();
        let mut marker = None;
        loop {
            let page = Page::of(entries(), marker.as_ref(), Some(2)).unwrap();
            assert_eq!(page.is_truncated(), seen.len() < 4);
            seen.extend(page.items);
            marker = page.marker;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        let bad = Page::of(entries(), Some(&"no marker!".to_owned()), None);
        assert_eq!(bad.map(|page| page.items).unwrap_err().code, "ValidationException");
    }
}
