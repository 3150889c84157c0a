//! The comparison: both servers side by side, loaded in turns.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use coffer_protocol::sigv4::Credentials;

use crate::call;
use crate::load;
use crate::process::{Server, free_address};
use crate::scene;
use crate::subject::{SUBJECTS, Subject};

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
    /// Also write the table to this file.
    #[arg(long)]
    output: Option<PathBuf>,
}

/// What was measured of one server.
#[derive(Default)]
struct Figures {
    cpu_us: Vec<f64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
}

impl Compare {
    pub(crate) fn run(&self) -> Result<(), String> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?
            .block_on(self.compare())
    }

    async fn compare(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let coffer = Server::coffer(&self.coffer, folder.path())?;
        let role = scene::prepare(coffer.address)?;
        let callers = [("a role", role), ("root", call::root())];
        let mut table = String::from(TABLE_HEAD);
        for (who, credentials) in &callers {
            for subject in &SUBJECTS {
                let rows = self.measure(&coffer, &folder, subject, (who, credentials)).await?;
                table.push_str(&rows);
            }
        }
        let mut out = std::io::stdout();
        out.write_all(table.as_bytes()).map_err(|error| error.to_string())?;
        match &self.output {
            Some(path) => std::fs::write(path, &table).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    async fn measure(
        &self,
        coffer: &Server,
        folder: &tempfile::TempDir,
        subject: &Subject,
        (who, credentials): (&str, &Credentials),
    ) -> Result<String, String> {
        let request: Arc<[u8]> = subject.request(coffer.address, credentials)?.into();
        let answer = call::once(coffer.address, &request)?;
        let bare = start_bare(folder, &answer)?;
        let mut figures = [Figures::default(), Figures::default()];
        for round in 0..=self.rounds {
            let cpu_us = self.cpu_us([coffer, &bare], &request)?;
            for ((server, figures), cpu_us) in
                [coffer, &bare].into_iter().zip(&mut figures).zip(cpu_us)
            {
                let [p50_us, p99_us] = latencies_us(server, request.clone()).await?;
                // The first round warms both up.
                if round > 0 {
                    figures.add([cpu_us, p50_us, p99_us]);
                }
            }
        }
        let [coffer, bare] = figures.map(|figures| figures.medians());
        Ok(rows(&format!("{}, {who}", subject.name), coffer, bare))
    }

    /// CPU time of each server for each of its requests, in microseconds. The servers are loaded in
    /// short turns, so that whatever else the machine does falls on both of them.
    fn cpu_us(&self, servers: [&Server; 2], request: &[u8]) -> Result<[f64; 2], String> {
        let [one, other] = servers.map(|server| load::Closed::open(server.address, CONNECTIONS));
        let mut connections = [one?, other?];
        let [one, other] = servers.map(Server::cpu_us);
        let [one_before, other_before] = [one?, other?];
        let turns = self.requests.div_ceil(TURN);
        for _ in 0..turns {
            for connections in &mut connections {
                connections.send(request, TURN)?;
            }
        }
        let [one, other] = servers.map(Server::cpu_us);
        let spent = [one? - one_before, other? - other_before];
        Ok(spent.map(|cpu_us| cpu_us / count(turns * TURN)))
    }
}

async fn latencies_us(server: &Server, request: Arc<[u8]>) -> Result<[f64; 2], String> {
    let mut latencies =
        load::paced(server.address, request, CONNECTIONS, PACED, RATE_PER_SECOND).await?;
    latencies.sort_by(f64::total_cmp);
    let at = |share: usize| latencies.get(latencies.len() * share / 100).copied();
    Ok([at(50).unwrap_or(f64::NAN), at(99).unwrap_or(f64::NAN)])
}

impl Figures {
    fn add(&mut self, [cpu_us, p50_us, p99_us]: [f64; 3]) {
        self.cpu_us.push(cpu_us);
        self.p50_us.push(p50_us);
        self.p99_us.push(p99_us);
    }

    fn medians(mut self) -> [f64; 3] {
        [&mut self.cpu_us, &mut self.p50_us, &mut self.p99_us].map(|figures| {
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
        })
    }
}

fn start_bare(folder: &tempfile::TempDir, answer: &[u8]) -> Result<Server, String> {
    let body = folder.path().join("answer");
    std::fs::write(&body, answer).map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let address = free_address()?;
    let (listen, body) = (address.to_string(), body.to_string_lossy().into_owned());
    Server::start(address, &program, &["bare", "--listen", &listen, "--body", &body], &[])
}

fn rows(name: &str, coffer: [f64; 3], bare: [f64; 3]) -> String {
    let mut text = String::new();
    for (who, [cpu, p50, p99]) in [("coffer", coffer), ("bare hyper", bare)] {
        writeln!(text, "| {name} | {who} | {cpu:.2} | {p50:.0} | {p99:.0} |").unwrap_or_default();
    }
    let mut ratios = coffer.iter().zip(bare).map(|(coffer, bare)| coffer / bare);
    let mut next = || ratios.next().unwrap_or(f64::NAN);
    let (cpu, p50, p99) = (next(), next(), next());
    writeln!(text, "| {name} | **ratio** | **{cpu:.2}** | {p50:.2} | {p99:.2} |")
        .unwrap_or_default();
    text
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}

const TABLE_HEAD: &str = "\
| operation | server | CPU µs per request | p50 µs | p99 µs |
| --- | --- | ---: | ---: | ---: |
";
const CONNECTIONS: usize = 16;
/// Requests of a server's turn: some tens of milliseconds.
const TURN: usize = 2000;
/// Requests in each round whose latencies are told.
const PACED: usize = 10_000;
const RATE_PER_SECOND: f64 = 4000.0;
