//! A PostgreSQL server.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustls_pki_types::CertificateDer;

use crate::{Process, certify, directory, free_port, give, run, try_run, unprivileged, wait_for};

/// A PostgreSQL server on loopback.
pub struct Postgresql {
    /// Its process.
    pub process: Process,
    /// Its port.
    pub port: u16,
    /// The certificate that it proves `localhost` with, where it speaks TLS.
    pub authority: Option<CertificateDer<'static>>,
}

impl Postgresql {
    /// Starts it, with a superuser; `has_tls` says whether it offers TLS. What it commits is lost with
    /// the machine, but not with its processes.
    pub fn start(has_tls: bool) -> Self {
        Self::make(has_tls, |directory, port| serve(directory, port, has_tls))
    }

    /// Starts one that is set up as its makers deliver it, to be measured: what it commits is durable,
    /// and it does not log what it is asked.
    pub fn durable() -> Self {
        Self::make(false, |directory, port| {
            let mut serve = serve(directory, port, false);
            serve.args(["--fsync=on", "--log_statement=none", "--shared_preload_libraries="]);
            serve
        })
    }

    fn make(has_tls: bool, serve: impl Fn(&Path, u16) -> Command) -> Self {
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
        let serve = serve(directory, port);
        let process = Process::start(temporary, "INT", &serve);
        let server = Self { process, port, authority };
        server.wait();
        server
    }

    /// Ends the server as a crash does, and starts it on what that left.
    pub fn crash(&self) {
        self.process.signal("QUIT");
        self.process.start_again();
        self.wait();
    }

    /// Makes a standby of it, which has every commit before this server answers it.
    pub fn standby(&self) -> Self {
        let (temporary, port) = (directory(), free_port());
        let directory = temporary.path();
        let mut copy = unprivileged(program("pg_basebackup"));
        copy.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "admin", "-R", "-D"]);
        run(copy.arg(directory.join("data")).env("PGPASSWORD", PASSWORD));
        let serve = serve(directory, port, false);
        let process = Process::start(temporary, "INT", &serve);
        let standby = Self { process, port, authority: None };
        standby.wait();
        // The copy has no such setting: when it takes over, it waits for nobody.
        self.admin("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.admin("SELECT pg_reload_conf()");
        wait_for(&self.process, || {
            self.admin("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").trim()
                == "1"
        });
        standby
    }

    /// Ends all of its processes by SIGKILL, as the end of a machine does, and waits until nobody
    /// answers at its port.
    ///
    /// The first one is stopped before. Those that it leaves behind when it is killed alone live for a
    /// moment, no longer wait for a standby, and show what no standby has.
    pub fn kill(&self) {
        let file = self.process.directory.join("data").join("postmaster.pid");
        let text = std::fs::read_to_string(file).unwrap();
        let first = text.lines().next().unwrap();
        run(Command::new("kill").args(["-STOP", first]));
        run(Command::new("pkill").args(["-KILL", "-P", first]));
        self.process.signal("KILL");
        wait_for(&self.process, || !self.try_sql("admin", PASSWORD, "SELECT 1").0);
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        self.admin("SELECT pg_promote()");
    }

    /// The URL of this server and another one, of which the primary is used.
    pub fn url_with(&self, other: &Self) -> String {
        let both = format!("127.0.0.1:{},127.0.0.1:{}", self.port, other.port);
        self.url("").replace(&format!("127.0.0.1:{}", self.port), &both)
    }

    fn wait(&self) {
        wait_for(&self.process, || self.try_sql("admin", PASSWORD, "SELECT 1").0);
    }

    /// The URL of its database as the superuser, with these parameters.
    pub fn url(&self, parameters: &str) -> String {
        let password = PASSWORD.replace(' ', "%20").replace('\'', "%27");
        format!("postgres://admin:{password}@127.0.0.1:{}/postgres?{parameters}", self.port)
    }

    /// Runs SQL as the superuser.
    pub fn admin(&self, sql: &str) -> String {
        let (is_good, output) = self.try_sql("admin", PASSWORD, sql);
        assert!(is_good, "{output}");
        output
    }

    /// Runs SQL as a user; whether all of it went well, and what was answered or said.
    pub fn try_sql(&self, user: &str, password: &str, sql: &str) -> (bool, String) {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]);
        psql.args(["-p", &self.port.to_string(), "-d", "postgres", "-U", user, "-c", sql]);
        try_run(psql.env("PGPASSWORD", password))
    }
}

/// What serves the files in a directory.
fn serve(directory: &Path, port: u16, has_tls: bool) -> Command {
    let mut serve = unprivileged(program("postgres"));
    serve.arg("-D").arg(directory.join("data"));
    let set = |name: &str, value: String| format!("--{name}={value}");
    serve.args([
        set("port", port.to_string()),
        set("listen_addresses", "127.0.0.1,127.0.0.2".to_owned()),
        set("unix_socket_directories", String::new()),
        set("fsync", "off".to_owned()),
        // Each node of a store has several connections, and many tests run at a time.
        set("max_connections", "500".to_owned()),
        set("log_statement", "all".to_owned()),
        set("shared_preload_libraries", "pg_stat_statements".to_owned()),
        set("pg_stat_statements.track_utility", "on".to_owned()),
        // `initdb` takes the way to log in for the form to keep passwords in.
        set("password_encryption", "scram-sha-256".to_owned()),
        set("ssl", has_tls.to_string()),
        set("ssl_cert_file", directory.join("cert.pem").display().to_string()),
        set("ssl_key_file", directory.join("key.pem").display().to_string()),
    ]);
    serve
}

fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name));
    found.filter(|program| program.exists()).max().unwrap_or_else(|| PathBuf::from(name))
}

/// The superuser's name and password.
pub const SUPERUSER: (&str, &str) = ("admin", PASSWORD);
const PASSWORD: &str = "superuser's own";
