//! A PostgreSQL server.

use std::path::PathBuf;
use std::process::Command;

use rustls::pki_types::CertificateDer;

use super::{Process, certify, directory, free_port, give, run, try_run, unprivileged, wait_for};
use crate::database::Database;

pub(crate) struct Postgresql {
    process: Process,
    port: u16,
    authority: Option<CertificateDer<'static>>,
}

impl Postgresql {
    pub(crate) fn start(has_tls: bool) -> Self {
        let (temporary, port) = (directory(), free_port());
        let directory = temporary.path();
        std::fs::write(directory.join("password"), PASSWORD).unwrap();
        give(directory);
        let data = directory.join("data");
        let mut make = unprivileged(program("initdb"));
        make.args(["--username", "admin", "--auth", "md5", "--no-sync"]);
        make.args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--pgdata"]).arg(&data);
        make.arg("--pwfile").arg(directory.join("password"));
        run(&mut make);
        let authority = has_tls.then(|| certify(directory));
        let mut serve = unprivileged(program("postgres"));
        serve.arg("-D").arg(&data);
        let set = |name: &str, value: String| format!("--{name}={value}");
        serve.args([
            set("port", port.to_string()),
            set("listen_addresses", "127.0.0.1".to_owned()),
            set("unix_socket_directories", String::new()),
            set("fsync", "off".to_owned()),
            set("log_statement", "all".to_owned()),
            set("shared_preload_libraries", "pg_stat_statements".to_owned()),
            set("pg_stat_statements.track_utility", "on".to_owned()),
            // `initdb` takes the way to log in for the form to keep passwords in.
            set("password_encryption", "scram-sha-256".to_owned()),
            set("ssl", has_tls.to_string()),
            set("ssl_cert_file", directory.join("cert.pem").display().to_string()),
            set("ssl_key_file", directory.join("key.pem").display().to_string()),
        ]);
        let process = Process::start(temporary, "INT", &serve);
        let server = Self { process, port, authority };
        wait_for(&server.process, || server.try_sql("admin", PASSWORD, "SELECT 1").0);
        server.admin("CREATE EXTENSION pg_stat_statements; CREATE TABLE goods (id int)");
        server.admin("INSERT INTO goods VALUES (42)");
        server
    }

    /// Runs SQL as the superuser.
    pub(crate) fn admin(&self, sql: &str) -> String {
        let (is_good, output) = self.try_sql("admin", PASSWORD, sql);
        assert!(is_good, "{output}");
        output
    }

    pub(crate) fn try_sql(&self, user: &str, password: &str, sql: &str) -> (bool, String) {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]);
        psql.args(["-p", &self.port.to_string(), "-d", "postgres", "-U", user, "-c", sql]);
        try_run(psql.env("PGPASSWORD", password))
    }
}

impl Database for Postgresql {
    fn engine(&self) -> &'static str {
        "postgres"
    }

    fn rotators(&self) -> &'static str {
        "postgresql"
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn superuser(&self) -> (&'static str, &'static str) {
        ("admin", PASSWORD)
    }

    fn authority(&self) -> Option<CertificateDer<'static>> {
        self.authority.clone()
    }

    fn add_user(&self, user: &str, password: &str) {
        let role = format!("\"{}\"", user.replace('"', "\"\""));
        let password = password.replace('\'', "''");
        self.admin(&format!("CREATE ROLE {role} LOGIN PASSWORD '{password}'"));
        self.admin(&format!("GRANT SELECT ON goods TO {role}"));
    }

    fn set_password(&self, user: &str, password: &str) {
        let role = format!("\"{}\"", user.replace('"', "\"\""));
        self.admin(&format!("ALTER ROLE {role} PASSWORD '{}'", password.replace('\'', "''")));
    }

    fn kept(&self, user: &str) -> String {
        let user = user.replace('\'', "''");
        self.admin(&format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{user}'"))
    }

    fn reads(&self, user: &str, password: &str) -> bool {
        let (is_good, output) = self.try_sql(user, password, "SELECT id FROM goods");
        is_good && output.trim() == "42"
    }

    fn opens(&self, user: &str, password: &str) -> bool {
        self.try_sql(user, password, "SELECT 1").0
    }

    fn written(&self) -> String {
        let log = std::fs::read(self.process.directory.join("output")).unwrap();
        let statements = self.admin("SELECT query FROM pg_stat_statements");
        format!("{}{statements}", String::from_utf8_lossy(&log))
    }
}

fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name));
    found.filter(|program| program.exists()).max().unwrap_or_else(|| PathBuf::from(name))
}

const PASSWORD: &str = "superuser's own";
