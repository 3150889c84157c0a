//! The operations that are measured.

use std::net::SocketAddr;

use coffer_protocol::sigv4::Credentials;
use serde_json::{Value, json};

use crate::call;
use crate::load::Requests;
use crate::scene::VALUE;

/// One measured operation.
pub(crate) struct Subject {
    /// What it is called in tables.
    pub(crate) name: &'static str,
    service: &'static str,
    target: &'static str,
    /// The input of the nth request.
    input: fn(usize) -> Value,
}

impl Subject {
    /// The bytes of signed requests of it: those of these numbers.
    ///
    /// # Errors
    /// A request that cannot be signed.
    pub(crate) fn requests(
        &self,
        server: SocketAddr,
        credentials: &Credentials,
        numbers: impl Iterator<Item = usize>,
    ) -> Result<Requests, String> {
        let signed = numbers.map(|number| {
            let input = (self.input)(number).to_string();
            call::signed(server, credentials, self.service, self.target, &input)
        });
        Ok(Requests::of(signed.collect::<Result<_, _>>()?))
    }

    /// The bytes of one signed request of it.
    ///
    /// # Errors
    /// See [`Self::requests`].
    pub(crate) fn request(
        &self,
        server: SocketAddr,
        credentials: &Credentials,
    ) -> Result<Vec<u8>, String> {
        let input = (self.input)(0).to_string();
        call::signed(server, credentials, self.service, self.target, &input)
    }
}

/// What applications read all day.
pub(crate) const READS: [Subject; 3] = [
    Subject {
        name: "GetParameter (SecureString, decrypted)",
        service: "ssm",
        target: "AmazonSSM.GetParameter",
        input: |_| json!({"Name": "/bench/db/password", "WithDecryption": true}),
    },
    Subject {
        name: "GetSecretValue",
        service: "secretsmanager",
        target: "secretsmanager.GetSecretValue",
        input: |_| json!({"SecretId": "bench/db"}),
    },
    Subject {
        name: "GetParametersByPath (ten, decrypted)",
        service: "ssm",
        target: "AmazonSSM.GetParametersByPath",
        input: |_| json!({"Path": "/bench/page", "WithDecryption": true}),
    },
];

/// What changes a value: so many parameters and secrets in turn, so that clients do not get in each
/// other's way. Parameters have to be made before secrets can be written to; see [`MAKE_SECRET`].
pub(crate) const WRITES: [Subject; 2] = [
    Subject {
        name: "PutParameter (SecureString)",
        service: "ssm",
        target: "AmazonSSM.PutParameter",
        input: |number| {
            json!({"Name": format!("/bench/write/{}", number % WRITTEN), "Value": VALUE,
                   "Type": "SecureString", "Overwrite": true})
        },
    },
    Subject {
        name: "PutSecretValue",
        service: "secretsmanager",
        target: "secretsmanager.PutSecretValue",
        input: |number| {
            json!({"SecretId": format!("bench/write/{}", number % WRITTEN), "SecretString": VALUE,
                   "ClientRequestToken": token(number)})
        },
    },
];

/// Makes the secrets that are written to.
pub(crate) const MAKE_SECRET: Subject = Subject {
    name: "CreateSecret",
    service: "secretsmanager",
    target: "secretsmanager.CreateSecret",
    input: |number| {
        json!({"Name": format!("bench/write/{number}"), "SecretString": VALUE,
               "ClientRequestToken": token(usize::MAX - number)})
    },
};

/// A token that no other number has.
fn token(number: usize) -> String {
    format!("{:08x}-0000-4000-8000-{:012x}", number >> 48, number & 0xffff_ffff_ffff)
}

/// How many parameters, and secrets, are written to.
pub(crate) const WRITTEN: usize = 512;
