//! The load that a profile is made from: what the compiler is to make fast, most of it reads, and
//! enough of everything else that nothing that is used counts as never used.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use coffer_protocol::sigv4::Credentials;
use serde_json::{Value, json};

use crate::call;
use crate::load::{self, Requests};
use crate::measure::CONNECTIONS;
use crate::process::{Place, Server};
use crate::scene;
use crate::subject::READS;

/// A binary that writes a profile when it ends.
#[derive(Args)]
pub(crate) struct Train {
    /// The coffer binary, built to write a profile.
    #[arg(long)]
    coffer: PathBuf,
    /// How often each of the two reads is called by each of the two callers.
    #[arg(long, default_value_t = 60_000)]
    reads: usize,
}

impl Train {
    pub(crate) fn run(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        // A line for each write would bury what the command has to say.
        let coffer =
            Server::coffer(&self.coffer, Place::Data(folder.path()), &[("COFFER_LOG", "warn")])?;
        let role = scene::prepare(coffer.address)?;
        let root = call::root();
        for credentials in [&role, &root] {
            for subject in READS.iter().take(2) {
                let request = subject.request(coffer.address, credentials)?;
                let mut connections = load::Closed::open(coffer.address, CONNECTIONS)?;
                connections.send(&mut Requests::one(request), self.reads)?;
            }
        }
        let key = ask(coffer.address, &root, "kms", "TrentService.CreateKey", &json!({}))?;
        let key = key.pointer("/KeyMetadata/Arn").cloned().ok_or("no key")?;
        for number in 0..ROUNDS {
            for (service, target, input) in others(number, &key) {
                ask(coffer.address, &root, service, target, &input)?;
            }
        }
        coffer.stop()
    }
}

fn ask(
    server: SocketAddr,
    caller: &Credentials,
    service: &str,
    target: &str,
    input: &Value,
) -> Result<Value, String> {
    let request = call::signed(server, caller, service, target, &input.to_string())?;
    let answer = call::once(server, &request).map_err(|error| format!("{target}: {error}"))?;
    serde_json::from_slice(&answer).map_err(|error| format!("{target}: {error}"))
}

/// What is called besides, in this round.
fn others(number: usize, key: &Value) -> Vec<(&'static str, &'static str, Value)> {
    let name = format!("/train/{}/{number}", number % 7);
    let secret = format!("train/{number}");
    let token = format!("{number:08x}-0000-4000-8000-000000000000");
    let plain = "dHJhaW4="; // `train`
    vec![
        (
            "ssm",
            "AmazonSSM.PutParameter",
            json!({"Name": name, "Type": "SecureString", "Value": "v"}),
        ),
        ("ssm", "AmazonSSM.GetParameters", json!({"Names": [name], "WithDecryption": true})),
        (
            "ssm",
            "AmazonSSM.GetParametersByPath",
            json!({"Path": "/train", "Recursive": true, "WithDecryption": true}),
        ),
        ("ssm", "AmazonSSM.GetParameterHistory", json!({"Name": name})),
        ("ssm", "AmazonSSM.DescribeParameters", json!({"MaxResults": 10})),
        (
            "secretsmanager",
            "secretsmanager.CreateSecret",
            json!({"Name": secret, "SecretString": "v", "ClientRequestToken": token}),
        ),
        (
            "secretsmanager",
            "secretsmanager.PutSecretValue",
            json!({"SecretId": secret, "SecretString": "w", "ClientRequestToken": token.replace("-4000-", "-4001-")}),
        ),
        ("secretsmanager", "secretsmanager.DescribeSecret", json!({"SecretId": secret})),
        (
            "secretsmanager",
            "secretsmanager.BatchGetSecretValue",
            json!({"SecretIdList": [secret, "bench/db"]}),
        ),
        ("secretsmanager", "secretsmanager.ListSecrets", json!({"MaxResults": 10})),
        ("secretsmanager", "secretsmanager.GetRandomPassword", json!({})),
        ("kms", "TrentService.Encrypt", json!({"KeyId": key, "Plaintext": plain})),
        ("kms", "TrentService.GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
    ]
}

/// Rounds of all other calls: writes wait for the disk.
const ROUNDS: usize = 400;
