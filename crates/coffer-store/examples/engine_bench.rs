//! Prints how fast an engine writes durably and reads: the embedded one in this directory's file
//! system, or the one of a database, where nothing may be in the store.
//!
//! `cargo run --release -p coffer-store --example engine_bench [DIRECTORY | postgres://…]`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and may stop at any error"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use bytes::Bytes;
use coffer_store::{
    Batch, CipherError, Direction, Embedded, Key, Postgres, Reads, Record, RowCipher, Scan, Store,
    Tables, Transaction,
};
use serde::{Deserialize, Serialize};

const ROWS: usize = 20_000;
const VALUE_BYTES: usize = 300;

#[derive(Serialize, Deserialize)]
struct Note {
    name: String,
}

impl Record for Note {
    const TABLE: &'static str = "note";

    fn key(&self) -> Key {
        key(&self.name)
    }
}

struct Plain;

impl RowCipher for Plain {
    fn seal(&self, _key: &Key, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        Ok(plain.to_vec())
    }

    fn open(&self, _key: &Key, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        Ok(sealed.to_vec())
    }
}

fn main() {
    let place = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    if place.starts_with("postgres://") {
        let address = place.parse().unwrap();
        measure(Arc::new(wait(Postgres::open(address, Reads::Cached)).unwrap()), 20_000);
    } else {
        let directory = tempfile::tempdir_in(place).unwrap();
        measure(Arc::new(Embedded::open(directory.path()).unwrap()), 200_000);
    }
}

fn measure(store: Arc<dyn Store>, count: usize) {
    let reads = f64::from(u32::try_from(count).unwrap());
    for threads in [1, 32] {
        let started = Instant::now();
        write(&*store, threads);
        let seconds = started.elapsed().as_secs_f64();
        println!("durable writes, {threads:>2} threads: {:>8.0} rows/s", rows() / seconds);
    }
    wait(async {
        let started = Instant::now();
        for number in 0..count {
            let key = key(&(number * 7_919 % ROWS).to_string());
            black_box(store.read(&[key]).await.unwrap());
        }
        println!("point read: {:.2} us", started.elapsed().as_secs_f64() * 1e6 / reads);

        let prefix = Key::build("note").prefix();
        let started = Instant::now();
        for number in 0..count {
            let after = key(&(number * 7_919 % ROWS).to_string());
            let direction = Direction::Ascending;
            let scan = Scan { prefix: &prefix, after: Some(&after), rows_max: 10, direction };
            black_box(store.scan(scan).await.unwrap());
        }
        println!("scan of ten: {:.2} us", started.elapsed().as_secs_f64() * 1e6 / reads);

        let tables = Tables::new(Arc::clone(&store), Arc::new(Plain));
        let mut transaction = Transaction::new();
        transaction.put(Note { name: "cached".to_owned() }, None);
        tables.commit(transaction).await.unwrap();
        let key = key("cached");
        let started = Instant::now();
        for _ in 0..count {
            black_box(tables.get::<Note>(black_box(&key)).await.unwrap());
        }
        println!("cached record: {:.0} ns", started.elapsed().as_secs_f64() * 1e9 / reads);
        store.close().await.unwrap();
    });
}

fn write(store: &dyn Store, threads: usize) {
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                wait(async {
                    for number in (thread..ROWS).step_by(threads) {
                        let value = Bytes::from(vec![b'v'; VALUE_BYTES]);
                        let puts = vec![(key(&number.to_string()), value)];
                        store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
                    }
                });
            });
        }
    });
}

fn key(name: &str) -> Key {
    Key::of("note", &["000000000000", "us-east-1", name])
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn rows() -> f64 {
    f64::from(u32::try_from(ROWS).unwrap())
}
