//! The operations that are measured.

use std::net::SocketAddr;

use coffer_protocol::sigv4::Credentials;

use crate::call;

/// One measured operation.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    service: &'static str,
    target: &'static str,
    body: &'static str,
}

impl Subject {
    /// The bytes of a signed request of it.
    pub(crate) fn request(
        &self,
        server: SocketAddr,
        credentials: &Credentials,
    ) -> Result<Vec<u8>, String> {
        call::signed(server, credentials, self.service, self.target, self.body)
    }
}

/// The two reads that applications do all day.
pub(crate) const SUBJECTS: [Subject; 2] = [
    Subject {
        name: "GetParameter (SecureString, decrypted)",
        service: "ssm",
        target: "AmazonSSM.GetParameter",
        body: r#"{"Name": "/bench/db/password", "WithDecryption": true}"#,
    },
    Subject {
        name: "GetSecretValue",
        service: "secretsmanager",
        target: "secretsmanager.GetSecretValue",
        body: r#"{"SecretId": "bench/db"}"#,
    },
];
