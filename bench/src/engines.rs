//! Every engine: what reads and durable writes cost on it, and how near writes come to what the
//! engine alone commits.

use std::path::{Path, PathBuf};

use clap::Args;
use coffer_protocol::sigv4::Credentials;
use coffer_test_servers::{Etcd, EtcdOptions, Postgresql};

use crate::alone::Alone;
use crate::call;
use crate::load::{self, Requests};
use crate::measure::{Amount, Served, count, median, side_by_side};
use crate::neighbour;
use crate::process::{Place, Server};
use crate::scene;
use crate::subject::{MAKE_SECRET, READS, Subject, WRITES, WRITTEN};
use crate::table::Table;

/// What to measure and how much.
#[derive(Args)]
pub(crate) struct Engines {
    /// The coffer binary, built in release.
    #[arg(long)]
    coffer: PathBuf,
    /// Reads in each round whose CPU is counted.
    #[arg(long, default_value_t = 40_000)]
    reads: usize,
    /// Writes in each round.
    #[arg(long, default_value_t = 20_000)]
    writes: usize,
    /// Rounds; the median is told.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only the engine whose name begins so.
    #[arg(long, default_value = "")]
    only: String,
    /// Measure no reads.
    #[arg(long)]
    no_reads: bool,
}

/// An engine, and where its rows are kept.
struct Engine {
    name: &'static str,
    url: Option<String>,
    alone: Alone,
}

impl Engines {
    pub(crate) async fn run(&self) -> Result<(), String> {
        // They use both cores, as this process does before it keeps to its own.
        let postgresql = Postgresql::durable();
        let etcd = Etcd::start(3, EtcdOptions::default());
        crate::process::keep_to_client_core()?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut engines = [
            Engine { name: "embedded", url: None, alone: Alone::sqlite(folder.path())? },
            Engine {
                name: "PostgreSQL",
                url: Some(postgresql.url("")),
                alone: Alone::postgresql(&postgresql.url("")).await?,
            },
            Engine {
                name: "etcd, three members",
                url: Some(etcd.url("coffer")),
                alone: Alone::etcd(&etcd.url("alone")).await?,
            },
        ];
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        for engine in engines.iter_mut().filter(|it| it.name.starts_with(&self.only)) {
            let folder = folder.path().join(engine.name);
            std::fs::create_dir(&folder).map_err(|error| error.to_string())?;
            let place = match &engine.url {
                None => Place::Data(&folder),
                Some(url) => Place::Store(&folder, url),
            };
            let coffer = Server::coffer(&self.coffer, place, &[("COFFER_LOG", "warn")])?;
            let role = scene::prepare(coffer.address)?;
            for subject in READS.iter().filter(|_| !self.no_reads) {
                reads.push(self.read(engine.name, &coffer, &folder, subject, &role).await?);
            }
            make_secrets(&coffer, &role).await?;
            for (place, subject) in WRITES.iter().enumerate() {
                writes.push(self.write(engine, &coffer, (place, subject), &role).await?);
            }
            coffer.stop()?;
        }
        tell(READ_HEAD, &reads)?;
        tell(WRITE_HEAD, &writes)
    }

    async fn read(
        &self,
        engine: &str,
        coffer: &Server,
        folder: &Path,
        subject: &Subject,
        credentials: &Credentials,
    ) -> Result<Vec<String>, String> {
        let request = subject.request(coffer.address, credentials)?;
        let answer = call::once(coffer.address, &request)?;
        let bare = neighbour::bare(folder, &request, &answer)?;
        let coffer = Served { server: coffer, requests: Requests::one(request) };
        let amount = Amount { requests: self.reads, rounds: self.rounds };
        let figures = side_by_side(&mut [coffer, bare.served()], amount).await?;
        let [coffer, bare] = figures.as_slice() else { return Err("two were measured".to_owned()) };
        Ok(vec![
            subject.name.to_owned(),
            engine.to_owned(),
            format!("{:.2}", coffer.cpu_us),
            format!("{:.2}", coffer.cpu_us / bare.cpu_us),
            format!("{:.0}", coffer.p50_us),
            format!("{:.0}", coffer.p99_us),
        ])
    }

    /// Measures writes of many clients beside what the engine alone commits in groups.
    async fn write(
        &self,
        engine: &mut Engine,
        coffer: &Server,
        (place, subject): (usize, &Subject),
        credentials: &Credentials,
    ) -> Result<Vec<String>, String> {
        let (mut cpu_us, mut rates, mut alone) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=self.rounds {
            let first = (place * 100 + round) * self.writes;
            let numbers = first..first + self.writes;
            let requests = subject.requests(coffer.address, credentials, numbers)?;
            let before = coffer.cpu_us()?;
            let seconds = load::closed(coffer.address, &requests, CLIENTS, self.writes).await?;
            let spent = coffer.cpu_us()? - before;
            let groups = engine.alone.commit_groups(CLIENTS, self.writes).await?;
            if round > 0 {
                cpu_us.push(spent / count(self.writes));
                rates.push(count(self.writes) / seconds);
                alone.push(groups);
            }
        }
        let (rate, alone) = (median(rates), median(alone));
        Ok(vec![
            subject.name.to_owned(),
            engine.name.to_owned(),
            format!("{:.1}", median(cpu_us)),
            format!("{rate:.0}"),
            format!("{alone:.0}"),
            format!("**{:.2}**", rate / alone),
        ])
    }
}

async fn make_secrets(coffer: &Server, credentials: &Credentials) -> Result<(), String> {
    let requests = MAKE_SECRET.requests(coffer.address, credentials, 0..WRITTEN)?;
    load::closed(coffer.address, &requests, CLIENTS, WRITTEN).await.map(drop)
}

fn tell(head: &'static [&'static str], rows: &[Vec<String>]) -> Result<(), String> {
    let mut table = Table::new(head);
    rows.iter().try_for_each(|row| table.row(row))
}

const READ_HEAD: &[&str] =
    &["operation", "engine", "CPU µs per request", "to bare hyper", "p50 µs", "p99 µs"];
const WRITE_HEAD: &[&str] = &[
    "operation, 32 clients",
    "engine",
    "CPU µs per request",
    "answers a second",
    "the engine alone, in groups of 32",
    "ratio",
];
/// Clients that write.
pub(crate) const CLIENTS: usize = 32;
