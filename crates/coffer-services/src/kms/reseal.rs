//! Seals the material of every key anew, after the root key has been changed.

use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record};

use super::key::KeyRecord;

/// What one step of the work has come to.
pub(crate) struct Resealed {
    /// How many keys it has sealed anew.
    pub(crate) keys: u64,
    /// The row to go on after; nothing where every key has been looked at.
    pub(crate) last: Option<Key>,
}

/// Seals the material of the keys after a row, of every account and region, under the root key in
/// force: as many as fit one commit. A key that changes meanwhile makes the step run again.
pub(crate) async fn reseal_keys(
    call: &mut Call<'_>,
    after: Option<&Key>,
) -> Result<Resealed, Fault> {
    let prefix = Key::of(KeyRecord::TABLE, &[]).prefix();
    let order = Direction::Ascending;
    let rows = call.scan::<KeyRecord>(&prefix, after, KEYS_MAX, order).await?;
    let (mut keys, mut pieces) = (0, 0);
    let mut last = rows.last().filter(|_| rows.len() == KEYS_MAX).map(|(row, _)| row.clone());
    for (row, _) in rows {
        // What the scan gave may be out of date, and is no expectation of the commit.
        let Some(key) = call.get::<KeyRecord>(&row).await? else { continue };
        let mut key = key.copy();
        let resealed = key.reseal(call)?;
        if resealed == 0 {
            continue;
        }
        call.acted_on(&key.arn());
        call.put(key).await?;
        keys += 1;
        pieces += resealed;
        if pieces >= PIECES_MAX {
            last = Some(row);
            break;
        }
    }
    Ok(Resealed { keys, last })
}

/// Keys in one commit: with the longest policy and all tags of each, a half of what a batch holds.
const KEYS_MAX: usize = 64;
/// Pieces of key material in one commit, beside those of the key that has the most.
const PIECES_MAX: usize = 1000;
