//! What an engine commits by itself, when a driver with nothing else to do gives it the commits of
//! all clients as one group, and the next group when that is durable: rows as many and as large as
//! those of a PutParameter.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use coffer_store::{Batch, Etcd, Key, Reads, Store};
use rusqlite::Connection;

use crate::measure::count;
use crate::subject::WRITTEN;

/// A driver of one engine.
pub(crate) enum Alone {
    /// SQLite, set up as the embedded engine sets it up.
    Sqlite(Connection),
    /// PostgreSQL, by one statement for a group.
    Postgresql(tokio_postgres::Client),
    /// etcd, by one transaction for a group, through coffer's own client.
    Etcd(Box<Etcd>),
}

impl Alone {
    /// SQLite in a file in this folder.
    pub(crate) fn sqlite(folder: &Path) -> Result<Self, String> {
        let open = || -> Result<Connection, rusqlite::Error> {
            let connection = Connection::open(folder.join("alone.sqlite"))?;
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update_and_check(None, "wal_autocheckpoint", 16_384, |_| Ok(()))?;
            connection.execute_batch(
                "CREATE TABLE alone (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID",
            )?;
            Ok(connection)
        };
        open().map(Self::Sqlite).map_err(|error| error.to_string())
    }

    /// A table of its own in this database.
    pub(crate) async fn postgresql(url: &str) -> Result<Self, String> {
        let connect = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connect.map_err(|error| error.to_string())?;
        crate::runtime::spawn(async move { drop(connection.await) });
        let table = "CREATE TABLE alone (key bytea PRIMARY KEY, value bytea)";
        client.batch_execute(table).await.map_err(|error| error.to_string())?;
        Ok(Self::Postgresql(client))
    }

    /// A store of its own in this cluster.
    pub(crate) async fn etcd(url: &str) -> Result<Self, String> {
        let address = url.parse().map_err(|error| format!("{error:?}"))?;
        let store = Etcd::open(address, Reads::Cached).await;
        store.map(Box::new).map(Self::Etcd).map_err(|error| error.to_string())
    }

    /// Commits a second, when `commits` of them come in groups of `clients`.
    pub(crate) async fn commit_groups(
        &mut self,
        clients: usize,
        commits: usize,
    ) -> Result<f64, String> {
        let started = now();
        let mut done = 0;
        while done < commits {
            let rows: Vec<_> = (done..done + clients).flat_map(rows_of).collect();
            self.commit(rows).await?;
            done += clients;
        }
        Ok(count(done) / started.elapsed().as_secs_f64())
    }

    async fn commit(&mut self, rows: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        match self {
            Self::Sqlite(connection) => {
                commit_to_sqlite(connection, &rows).map_err(|error| error.to_string())
            }
            Self::Postgresql(client) => {
                let (keys, values): (Vec<_>, Vec<_>) =
                    rows.into_iter().map(|(key, value)| (key.into_bytes(), value)).unzip();
                let statement =
                    client.prepare_typed(UPSERT, &[]).await.map_err(|error| error.to_string())?;
                let written = client.execute(&statement, &[&keys, &values]).await;
                written.map(drop).map_err(|error| error.to_string())
            }
            Self::Etcd(store) => {
                let row = |(key, value): (String, Vec<u8>)| {
                    (Key::of("alone", &[&key]), Bytes::from(value))
                };
                let puts = rows.into_iter().map(row).collect();
                let committed = store.commit(Batch { puts, ..Batch::default() }).await;
                committed.map(drop).map_err(|error| error.to_string())
            }
        }
    }
}

fn commit_to_sqlite(
    connection: &mut Connection,
    rows: &[(String, Vec<u8>)],
) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    {
        let mut put = transaction.prepare_cached(
            "INSERT INTO alone (key, value) VALUES (?1, ?2) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?;
        for (key, value) in rows {
            put.execute((key.as_bytes(), value))?;
        }
    }
    transaction.commit()
}

/// The rows of a commit: one that is changed, and others that are new, as the history, the event and
/// the audit record are.
fn rows_of(number: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..ROWS).map(move |row| {
        let key = match row {
            0 => format!("alone/000000000000/us-east-1/{}", number % WRITTEN),
            _ => format!("alone/000000000000/us-east-1/{row}/{number:016}"),
        };
        (key, vec![b'v'; VALUE_BYTES])
    })
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

const UPSERT: &str = "INSERT INTO alone SELECT * FROM unnest($1::bytea[], $2::bytea[]) \
                      ON CONFLICT (key) DO UPDATE SET value = excluded.value";
/// Rows of a commit of PutParameter, counted in the store: the parameter, which is changed, and its old
/// version, an event, records of the call and of the key that it used, which are new.
const ROWS: usize = 6;
/// Bytes of each, sealed, on the mean.
const VALUE_BYTES: usize = 600;
