//! Pages of secrets, in any of four orders: for ListSecrets, and BatchGetSecretValue by filters.

use std::sync::Arc;

use coffer_pipeline::{Call, Scope};
use coffer_protocol::{AwsEnum, Fault};
use coffer_store::{Direction, Key};

use super::errors::SecretsManagerError;
use super::filter::{Filters, Subject};
use super::secret::{SecretAccessRecord, SecretRecord};
use crate::page;

/// Which secrets, in which order.
pub(super) struct Listing {
    /// The operation that lists them.
    pub(super) operation: &'static str,
    /// What they have to be like.
    pub(super) filters: Filters,
    /// By what they are sorted.
    pub(super) sort: Sort,
    /// From the first to the last, or backwards.
    pub(super) direction: Direction,
    /// Whether those that wait for their deletion are among them.
    pub(super) with_deleted: bool,
}

/// By what secrets are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AwsEnum)]
pub(super) enum Sort {
    /// When they were made.
    #[default]
    #[shape(wire = "created-date")]
    Created,
    /// The day on which they were last read.
    #[shape(wire = "last-accessed-date")]
    Accessed,
    /// When they were last changed.
    #[shape(wire = "last-changed-date")]
    Changed,
    /// Their names.
    #[shape(wire = "name")]
    Name,
}

/// A page of a listing.
pub(super) struct Page {
    /// The secrets.
    pub(super) secrets: Vec<Arc<SecretRecord>>,
    /// Where the next page begins, if there may be one.
    pub(super) next_token: Option<String>,
}

/// A row that was looked at: its place in the order, and the secret if it counts.
type Seen = (Key, Option<Arc<SecretRecord>>);

impl Listing {
    /// Reads a page. It may be short, or even empty, where few of many secrets are admitted.
    ///
    /// # Errors
    /// `InvalidNextTokenException` for a token that is not from this listing.
    pub(super) async fn page(
        &self,
        call: &mut Call<'_>,
        next_token: Option<&str>,
        secrets_max: usize,
    ) -> Result<Page, Fault> {
        let prefix = self.prefix(call.scope());
        let mut after = next_token.map(|token| self.place(token, &prefix)).transpose()?;
        let mut secrets = Vec::new();
        for _ in 0..CHUNKS_MAX {
            let rows = self.rows(call, &prefix, after.as_ref()).await?;
            let is_last = rows.len() < CHUNK_ROWS;
            let count = rows.len();
            for (number, (row, secret)) in rows.into_iter().enumerate() {
                secrets.extend(secret.filter(|secret| self.admits(secret)));
                if secrets.len() == secrets_max {
                    let is_end = is_last && number + 1 == count;
                    let next_token = (!is_end).then(|| self.token(&row));
                    return Ok(Page { secrets, next_token });
                }
                after = Some(row);
            }
            if is_last {
                return Ok(Page { secrets, next_token: None });
            }
        }
        Ok(Page { secrets, next_token: after.as_ref().map(|row| self.token(row)) })
    }

    fn admits(&self, secret: &SecretRecord) -> bool {
        (self.with_deleted || secret.deletion.is_none())
            && self.filters.admit(&Subject {
                name: &secret.name,
                description: secret.description.as_deref().unwrap_or_default(),
                tags: &secret.tags,
                primary_region: secret.primary_region().map(coffer_model::Region::as_str),
                owning_service: secret.owning_service(),
            })
    }

    /// The token of the page after this row. It is good for the operation that gave it, and for
    /// this order.
    fn token(&self, row: &Key) -> String {
        page::token(&self.tokens().child(row.as_bytes()))
    }

    fn place(&self, token: &str, prefix: &[u8]) -> Result<Key, Fault> {
        let place = page::place(token, &self.tokens().prefix()).ok_or_else(invalid_next_token)?;
        let row = place.last_part();
        let is_here = row.starts_with(prefix);
        is_here.then(|| Key::from_bytes(&row)).ok_or_else(invalid_next_token)
    }

    fn tokens(&self) -> Key {
        let order = match self.direction {
            Direction::Ascending => "ascending",
            Direction::Descending => "descending",
        };
        Key::of(TOKENS, &[self.operation, order])
    }

    fn prefix(&self, scope: &Scope) -> Vec<u8> {
        match self.sort {
            Sort::Created => SecretRecord::by_created(scope).prefix(),
            Sort::Accessed => SecretAccessRecord::by_day(scope).prefix(),
            Sort::Changed => SecretRecord::by_changed(scope).prefix(),
            Sort::Name => {
                SecretRecord::by_name(scope).builder().starting(self.filters.name_start())
            }
        }
    }

    async fn rows(
        &self,
        call: &mut Call<'_>,
        prefix: &[u8],
        after: Option<&Key>,
    ) -> Result<Vec<Seen>, Fault> {
        match self.sort {
            Sort::Name => {
                let rows =
                    call.scan::<SecretRecord>(prefix, after, CHUNK_ROWS, self.direction).await?;
                Ok(rows.into_iter().map(|(row, secret)| (row, Some(secret))).collect())
            }
            Sort::Created | Sort::Changed => {
                let entries = call.scan_index(prefix, after, CHUNK_ROWS, self.direction).await?;
                let (rows, keys): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
                let secrets = call.get_many::<SecretRecord>(&keys).await?;
                Ok(rows.into_iter().zip(secrets).collect())
            }
            Sort::Accessed => self.rows_by_access(call, prefix, after).await,
        }
    }

    /// A note of a read can outlive its secret, and two notes can cross, so an entry counts only
    /// where the row behind it says the same and the secret is still there.
    async fn rows_by_access(
        &self,
        call: &mut Call<'_>,
        prefix: &[u8],
        after: Option<&Key>,
    ) -> Result<Vec<Seen>, Fault> {
        let entries = call.scan_index(prefix, after, CHUNK_ROWS, self.direction).await?;
        let (rows, keys): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let notes = call.get_many::<SecretAccessRecord>(&keys).await?;
        let scope = call.scope();
        let name_of = |note: &Option<Arc<SecretAccessRecord>>| {
            SecretRecord::key_of(scope, note.as_ref().map_or("", |note| &note.name))
        };
        let secrets: Vec<_> = notes.iter().map(name_of).collect();
        let secrets = call.get_many::<SecretRecord>(&secrets).await?;
        let seen = rows.into_iter().zip(notes).zip(secrets).map(|((row, note), secret)| {
            let is_true = |secret: &Arc<SecretRecord>| {
                note.is_some_and(|note| note.index_key() == row && note.suffix == secret.suffix)
            };
            let secret = secret.filter(is_true);
            (row, secret)
        });
        Ok(seen.collect())
    }
}

/// The fault of a token that no listing gave.
pub(super) fn invalid_next_token() -> Fault {
    SecretsManagerError::InvalidNextTokenException.with("The NextToken value is invalid.")
}

const TOKENS: &str = "secretsmanager.next-token";
/// Rows read at a time.
const CHUNK_ROWS: usize = 200;
/// Together with [`CHUNK_ROWS`] the rows that one request looks at.
const CHUNKS_MAX: usize = 10;
