//! The second part of the matrix: requests that are carried out, because permissions are asked for
//! while they run: on keys that services use for their callers, and on the items of batches.

use std::fmt::Write as _;

use coffer_pipeline::Answer;
use serde_json::{Value, json};

use crate::estate::{Estate, TOKEN};
use crate::matrix::{self, named};
use crate::personas::OWNER;

/// The answers to each request, with those who were given it.
pub(crate) async fn section() -> String {
    let count = Estate::build().await.personas.len();
    let mut all: Vec<Carried> = Vec::new();
    for index in 0..count {
        // A world of its own for each, so that nobody finds what somebody else has made.
        let estate = Estate::build().await;
        let persona = &estate.personas[index];
        let requests = [of_parameters(&estate), of_secrets(&estate), of_keys(&estate)].concat();
        for (place, (title, service, operation, input)) in requests.iter().enumerate() {
            let answer = estate.port.asks(&persona.credentials, service, operation, input).await;
            if all.len() <= place {
                let request = format!("{service} {operation} {title}");
                all.push(Carried { request, answers: Vec::new() });
            }
            all[place].add(told(&estate, &answer), persona.name);
        }
    }
    let mut text = HEAD.to_owned();
    for Carried { request, answers } in all {
        writeln!(text, "\n{request}").unwrap();
        for (told, names) in answers {
            writeln!(text, "    {}: {told}", names.join(" ")).unwrap();
        }
    }
    text
}

/// A request, its answers, and who was given each.
struct Carried {
    request: String,
    answers: Vec<(String, Vec<&'static str>)>,
}

impl Carried {
    fn add(&mut self, told: String, name: &'static str) {
        match self.answers.iter_mut().find(|(known, _)| *known == told) {
            Some((_, names)) => names.push(name),
            None => self.answers.push((told, vec![name])),
        }
    }
}

type Request = (&'static str, &'static str, &'static str, Value);

fn of_parameters(estate: &Estate) -> Vec<Request> {
    let get = |title: &'static str, path: &str| {
        let arn = format!("arn:aws:ssm:us-east-1:{OWNER}:parameter{path}");
        (title, "ssm", "GetParameter", json!({"Name": arn, "WithDecryption": true}))
    };
    let put = |title: &'static str, name: &str, key: Value| {
        let input = json!({"Name": name, "Value": "new", "Type": "SecureString", "KeyId": key});
        (title, "ssm", "PutParameter", input)
    };
    let two = json!({"Names": ["/app/customer", "/other/customer"], "WithDecryption": true});
    let path = json!({"Path": "/app", "WithDecryption": true});
    let secret = json!({"Name": REFERENCE, "WithDecryption": true});
    vec![
        get("of a String", "/app/db"),
        get("under the managed key", "/app/managed"),
        get("under a covered key", "/app/customer"),
        get("not covered", "/other/customer"),
        ("of one covered and one that is not", "ssm", "GetParameters", two),
        ("of a covered path", "ssm", "GetParametersByPath", path),
        ("of a covered secret", "ssm", "GetParameter", secret),
        put("under a covered key", "/app/new", covered_key(estate)),
        put("under a key that is not covered", "/app/newer", other_key(estate)),
    ]
}

fn of_secrets(estate: &Estate) -> Vec<Request> {
    let service = "secretsmanager";
    let app = estate.covered[service].value("SecretIdList");
    let other = estate.other[service].value("SecretIdList");
    let get = |title: &'static str, secret: &Value| {
        (title, service, "GetSecretValue", json!({"SecretId": secret}))
    };
    let (new, newer) = (TOKEN.replace('0', "2"), TOKEN.replace('0', "3"));
    let create = |title: &'static str, name: &str, key: Value| {
        let input = json!({"Name": name, "SecretString": "new", "KmsKeyId": key,
            "ClientRequestToken": new});
        (title, service, "CreateSecret", input)
    };
    let three = json!({"SecretIdList": [app[0], app[1], other[1]]});
    let put = json!({"SecretId": app[1], "SecretString": "new", "ClientRequestToken": new});
    let update = json!({"SecretId": app[1], "SecretString": "newer", "KmsKeyId": other_key(estate),
        "ClientRequestToken": newer});
    vec![
        get("under the managed key", &app[0]),
        get("under a covered key", &app[1]),
        get("not covered", &other[1]),
        ("of two covered and one that is not", service, "BatchGetSecretValue", three),
        create("under a covered key", "app/new", covered_key(estate)),
        create("under a key that is not covered", "app/newer", other_key(estate)),
        ("under a covered key", service, "PutSecretValue", put),
        ("to a key that is not covered", service, "UpdateSecret", update),
    ]
}

fn of_keys(estate: &Estate) -> Vec<Request> {
    let (kms, key) = ("kms", covered_key(estate));
    let decrypt = json!({"CiphertextBlob": estate.covered[kms].value("CiphertextBlob")});
    let generate = json!({"KeyId": key, "KeySpec": "AES_256"});
    vec![
        ("by itself", kms, "Decrypt", decrypt),
        ("with a covered key", kms, "GenerateDataKey", generate),
        ("covered, which is for the key's own account", kms, "DisableKey", json!({"KeyId": key})),
    ]
}

fn covered_key(estate: &Estate) -> Value {
    estate.covered["kms"].value("KeyId")
}

fn other_key(estate: &Estate) -> Value {
    estate.other["kms"].value("KeyId")
}

fn told(estate: &Estate, answer: &Answer) -> String {
    if let Some(fault) = &answer.fault {
        return matrix::told(estate, fault);
    }
    if answer.body.is_empty() {
        return "given".to_owned();
    }
    let given: Value = serde_json::from_slice(&answer.body).unwrap();
    let mut told = "given".to_owned();
    for list in ["Parameters", "SecretValues", "InvalidParameters", "Errors"] {
        for item in given[list].as_array().into_iter().flatten() {
            let name = [&item["Name"], &item["SecretId"], item]
                .into_iter()
                .find_map(Value::as_str)
                .unwrap_or_default();
            let fault = item["ErrorCode"].as_str().unwrap_or_default();
            let is_refused = ["InvalidParameters", "Errors"].contains(&list);
            let mark = if is_refused { "not " } else { "" };
            write!(told, ", {mark}{} {fault}", named(estate, name)).unwrap();
            told.truncate(told.trim_end().len());
        }
    }
    told
}

const REFERENCE: &str = "/aws/reference/secretsmanager/app/db";
const HEAD: &str = "
== Carried out
#
# Each request in a world of its own for each persona, for permissions that are asked for on the way:
# on keys, through the service, and on each item of a batch.
";
