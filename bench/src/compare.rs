//! Reads beside what HTTP alone costs: coffer, a bare hyper server and nginx, loaded in turns.

use std::path::{Path, PathBuf};

use clap::Args;
use coffer_protocol::sigv4::Credentials;

use crate::call;
use crate::load::Requests;
use crate::measure::{Amount, Figures, Served, side_by_side};
use crate::neighbour::{self, Neighbour};
use crate::process::{Place, Server};
use crate::scene;
use crate::subject::{READS, Subject};
use crate::table::Table;

/// What to measure and how much.
#[derive(Args)]
pub(crate) struct Compare {
    /// The coffer binary, built in release.
    #[arg(long)]
    coffer: PathBuf,
    /// Requests in each round whose CPU is counted: so many that the server ships its audit journal
    /// several times meanwhile, which it does once a second.
    #[arg(long, default_value_t = 200_000)]
    requests: usize,
    /// Rounds; the median is told.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

impl Compare {
    pub(crate) async fn run(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let coffer = Server::coffer(&self.coffer, Place::Data(folder.path()), &[])?;
        let role = scene::prepare(coffer.address)?;
        let amount = Amount { requests: self.requests, rounds: self.rounds };
        let mut table = Table::new(HEAD);
        for subject in &READS {
            beside(&mut table, &coffer, folder.path(), subject, ("a role", &role), amount).await?;
        }
        for subject in READS.iter().take(2) {
            let root = call::root();
            beside(&mut table, &coffer, folder.path(), subject, ("root", &root), amount).await?;
        }
        Ok(())
    }
}

/// Measures a read by a caller, and the same bytes sent by both neighbours.
async fn beside(
    table: &mut Table,
    coffer: &Server,
    folder: &Path,
    subject: &Subject,
    (who, credentials): (&str, &Credentials),
    amount: Amount,
) -> Result<(), String> {
    let request = subject.request(coffer.address, credentials)?;
    let answer = call::once(coffer.address, &request)?;
    let neighbours =
        [neighbour::bare(folder, &request, &answer)?, neighbour::nginx(folder, &answer)?];
    let mut served = vec![Served { server: coffer, requests: Requests::one(request) }];
    served.extend(neighbours.iter().map(Neighbour::served));
    let figures = side_by_side(&mut served, amount).await?;
    let names = ["coffer"].into_iter().chain(neighbours.iter().map(|it| it.name));
    let Some(coffer) = figures.first().copied() else { return Ok(()) };
    for (name, it) in names.zip(figures) {
        let first = format!("{}, {who}", subject.name);
        let Figures { cpu_us, p50_us, p99_us } = it;
        table.row(&[
            first,
            name.to_owned(),
            format!("{cpu_us:.2}"),
            format!("**{:.2}**", coffer.cpu_us / cpu_us),
            format!("{p50_us:.0}"),
            format!("{p99_us:.0}"),
            format!("{:.2}", coffer.p99_us / p99_us),
        ])?;
    }
    Ok(())
}

const HEAD: &[&str] = &[
    "operation",
    "server",
    "CPU µs per request",
    "coffer's CPU to it",
    "p50 µs",
    "p99 µs",
    "coffer's p99 to it",
];
