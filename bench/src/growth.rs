//! How the cost grows: a store of a million parameters and secrets beside one of a thousand.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use coffer_protocol::sigv4::Credentials;
use serde_json::json;

use crate::call;
use crate::load::{self, Requests};
use crate::measure::{Served, cpu_us, median};
use crate::process::{Place, Server};
use crate::scene;
use crate::table::Table;

/// What to measure and how much.
#[derive(Args)]
pub(crate) struct Growth {
    /// The coffer binary, built in release.
    #[arg(long)]
    coffer: PathBuf,
    /// Parameters and secrets of the large store: half of them each, but of parameters no more than
    /// an account may have in a region.
    #[arg(long, default_value_t = 1_000_000)]
    records: usize,
    /// Reads in each round whose CPU is counted.
    #[arg(long, default_value_t = 40_000)]
    reads: usize,
    /// Rounds; the median is told.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Keep the large store in this folder, or use the one that was kept there.
    #[arg(long)]
    keep: Option<PathBuf>,
}

/// A store with so many records, and the server on it.
struct Filled {
    records: usize,
    server: Server,
    role: Credentials,
    start_seconds: f64,
}

impl Growth {
    pub(crate) async fn run(&self) -> Result<(), String> {
        let small = tempfile::tempdir().map_err(|error| error.to_string())?;
        let large = tempfile::tempdir().map_err(|error| error.to_string())?;
        let large = self.keep.as_deref().unwrap_or(large.path());
        let small = self.filled(small.path(), SMALL).await?;
        let large = self.filled(large, self.records).await?;
        let mut starts = Table::new(START_HEAD);
        for filled in [&small, &large] {
            let memory = filled.server.memory_bytes()? / f64::from(1 << 20);
            starts.row(&[
                filled.records.to_string(),
                format!("{:.2}", filled.start_seconds),
                format!("{memory:.0}"),
            ])?;
        }
        let mut table = Table::new(READ_HEAD);
        for read in &READS {
            let (one, other) = self.measure(read, &small, &large)?;
            table.row(&[
                read.name.to_owned(),
                format!("{one:.2}"),
                format!("{other:.2}"),
                format!("**{:.2}**", other / one),
            ])?;
        }
        let memory = large.server.memory_bytes()? / f64::from(1 << 20);
        let mut after = Table::new(&["after it, MiB in use, the large store"]);
        after.row(&[format!("{memory:.0}")])?;
        small.server.stop()?;
        large.server.stop()
    }

    /// Makes a store with so many records, if it is not there yet, and starts a server on it.
    async fn filled(&self, folder: &Path, records: usize) -> Result<Filled, String> {
        let settings = [("COFFER_LOG", "warn")];
        let role = folder.join("role");
        if !role.exists() {
            let server = Server::coffer(&self.coffer, Place::Data(folder), &settings)?;
            scene::prepare(server.address)?;
            fill(&server, records).await?;
            server.stop()?;
            std::fs::write(&role, "").map_err(|error| error.to_string())?;
        }
        let started = now();
        let server = Server::coffer(&self.coffer, Place::Data(folder), &settings)?;
        let read = json!({"Name": parameter(0), "WithDecryption": true}).to_string();
        let request =
            call::signed(server.address, &call::root(), "ssm", "AmazonSSM.GetParameter", &read)?;
        call::once(server.address, &request)?;
        let start_seconds = started.elapsed().as_secs_f64();
        let role = scene::session(server.address)?;
        Ok(Filled { records, server, role, start_seconds })
    }

    /// CPU of a read in both stores, in microseconds.
    fn measure(&self, read: &Read, small: &Filled, large: &Filled) -> Result<(f64, f64), String> {
        let requests = |filled: &Filled, many: usize| {
            let bound = match (read.is_anywhere, read.service) {
                (false, _) => SMALL / 2,
                (true, "ssm") => parameters(filled.records),
                (true, _) => filled.records - parameters(filled.records),
            };
            let signed = (0..many).map(|number| {
                // A prime number of steps visits all of them in no order.
                let input = (read.input)(number.wrapping_mul(STEP) % bound).to_string();
                let address = filled.server.address;
                call::signed(address, &filled.role, read.service, read.target, &input)
            });
            Ok::<_, String>(Requests::of(signed.collect::<Result<_, _>>()?))
        };
        let mut served = [small, large]
            .into_iter()
            .map(|it| Ok(Served { server: &it.server, requests: requests(it, self.reads)? }))
            .collect::<Result<Vec<_>, String>>()?;
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for round in 0..=self.rounds {
            let figures = cpu_us(&mut served, self.reads)?;
            if let ([of_small, of_large], true) = (figures.as_slice(), round > 0) {
                one.push(*of_small);
                other.push(*of_large);
            }
        }
        Ok((median(one), median(other)))
    }
}

/// How many of so many records are parameters.
fn parameters(records: usize) -> usize {
    (records / 2).min(PARAMETERS_MAX)
}

/// Puts parameters, ten below each path, and secrets.
async fn fill(server: &Server, records: usize) -> Result<(), String> {
    let root = call::root();
    let (parameters, secrets) = (parameters(records), records - parameters(records));
    for first in (0..secrets).step_by(CHUNK) {
        let numbers = first..(first + CHUNK).min(secrets);
        let mut all = Vec::with_capacity(2 * numbers.len());
        for number in numbers {
            let put = json!({"Name": parameter(number), "Type": "SecureString",
                "Value": scene::VALUE});
            let create = json!({"Name": secret(number), "SecretString": scene::VALUE,
                "ClientRequestToken": format!("{number:032x}")});
            let calls = [
                ("ssm", "AmazonSSM.PutParameter", put),
                ("secretsmanager", "secretsmanager.CreateSecret", create),
            ];
            let too_many = usize::from(number >= parameters);
            for (service, target, input) in calls.into_iter().skip(too_many) {
                let input = input.to_string();
                all.push(call::signed(server.address, &root, service, target, &input)?);
            }
        }
        let count = all.len();
        load::closed(server.address, &Requests::of(all), FILLING_CLIENTS, count).await?;
    }
    Ok(())
}

struct Read {
    name: &'static str,
    service: &'static str,
    target: &'static str,
    input: fn(usize) -> serde_json::Value,
    /// Whether any record is read, or one of as many as the small store has.
    is_anywhere: bool,
}

const READS: [Read; 6] = [
    Read {
        name: "GetParameter, one of 500",
        service: "ssm",
        target: "AmazonSSM.GetParameter",
        input: |number| json!({"Name": parameter(number), "WithDecryption": true}),
        is_anywhere: false,
    },
    Read {
        name: "GetParameter, any",
        service: "ssm",
        target: "AmazonSSM.GetParameter",
        input: |number| json!({"Name": parameter(number), "WithDecryption": true}),
        is_anywhere: true,
    },
    Read {
        name: "GetSecretValue, one of 500",
        service: "secretsmanager",
        target: "secretsmanager.GetSecretValue",
        input: |number| json!({"SecretId": secret(number)}),
        is_anywhere: false,
    },
    Read {
        name: "GetSecretValue, any",
        service: "secretsmanager",
        target: "secretsmanager.GetSecretValue",
        input: |number| json!({"SecretId": secret(number)}),
        is_anywhere: true,
    },
    Read {
        name: "GetParametersByPath, ten of any",
        service: "ssm",
        target: "AmazonSSM.GetParametersByPath",
        input: |number| json!({"Path": path(number / 10), "WithDecryption": true}),
        is_anywhere: true,
    },
    Read {
        name: "GetParameters, the same ten",
        service: "ssm",
        target: "AmazonSSM.GetParameters",
        input: |number| {
            let first = number / 10 * 10;
            let names: Vec<String> = (first..first + 10).map(parameter).collect();
            json!({"Names": names, "WithDecryption": true})
        },
        is_anywhere: true,
    },
];

fn path(number: usize) -> String {
    format!("/bench/grown/team-{}/service-{number}", number % 100)
}

fn parameter(number: usize) -> String {
    format!("{}/{}", path(number / 10), number % 10)
}

fn secret(number: usize) -> String {
    format!("bench/grown/team-{}/{number}", number % 100)
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

const START_HEAD: &[&str] =
    &["parameters and secrets", "start to first answer, s", "MiB in use then"];
const READ_HEAD: &[&str] = &["operation", "CPU µs of 1,000", "CPU µs of all", "ratio"];
const SMALL: usize = 1_000;
/// Parameters whose requests are signed at a time.
const CHUNK: usize = 10_000;
/// AWS: standard parameters of an account in a region, less those of the scene.
const PARAMETERS_MAX: usize = 9_900;
const FILLING_CLIENTS: usize = 64;
const STEP: usize = 7_919;
