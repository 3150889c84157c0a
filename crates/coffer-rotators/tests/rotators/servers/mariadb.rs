//! A MariaDB server.

use std::process::Command;

use coffer_test_servers::{
    Process, certify, directory, free_port, give, run, try_run, unprivileged, wait_for,
};
use rustls::pki_types::CertificateDer;

use crate::database::Database;

pub(crate) struct Mariadb {
    process: Process,
    port: u16,
    authority: Option<CertificateDer<'static>>,
}

impl Mariadb {
    pub(crate) fn start(has_tls: bool) -> Self {
        let (temporary, port) = (directory(), free_port());
        let directory = temporary.path();
        let path = |name: &str| directory.join(name).display().to_string();
        let mut make = unprivileged("mariadb-install-db");
        make.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]);
        make.arg(format!("--datadir={}", path("data")));
        // Servers that share one for tables of theirs take each other's.
        run(make.arg(format!("--tmpdir={}", directory.display())));
        std::fs::write(directory.join("first.sql"), first()).unwrap();
        let authority = has_tls.then(|| certify(directory));
        give(directory);
        let mut serve = unprivileged(program());
        serve.args([
            "--no-defaults".to_owned(),
            format!("--datadir={}", path("data")),
            format!("--tmpdir={}", directory.display()),
            format!("--port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            format!("--socket={}", path("socket")),
            format!("--pid-file={}", path("pid")),
            format!("--init-file={}", path("first.sql")),
            "--general-log=1".to_owned(),
            format!("--general-log-file={}", path("general")),
            "--innodb-flush-log-at-trx-commit=0".to_owned(),
            "--innodb-buffer-pool-size=16M".to_owned(),
            "--performance-schema=1".to_owned(),
            "--performance-schema-consumer-events-statements-history=ON".to_owned(),
        ]);
        if has_tls {
            serve.arg(format!("--ssl-cert={}", path("cert.pem")));
            serve.arg(format!("--ssl-key={}", path("key.pem")));
        }
        let process = Process::start(temporary, "TERM", &serve);
        let server = Self { process, port, authority };
        wait_for(&server.process, || server.try_sql("admin", PASSWORD, "SELECT 1").0);
        server
    }

    /// Runs SQL as the superuser.
    pub(crate) fn admin(&self, sql: &str) -> String {
        let (is_good, output) = self.try_sql("admin", PASSWORD, sql);
        assert!(is_good, "{output}");
        output
    }

    pub(crate) fn try_sql(&self, user: &str, password: &str, sql: &str) -> (bool, String) {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--skip-column-names"]);
        client.args(["--batch", "--raw", "--default-character-set=utf8mb4"]);
        client.arg(format!("--port={}", self.port)).arg(format!("--user={user}"));
        client.arg(format!("--execute={sql}"));
        try_run(client.env("MYSQL_PWD", password))
    }
}

impl Database for Mariadb {
    fn engine(&self) -> &'static str {
        "mariadb"
    }

    fn rotators(&self) -> &'static str {
        "mysql"
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
        let account = account(user);
        self.admin(&format!("CREATE USER {account} IDENTIFIED BY {}", quoted(password)));
        self.admin(&format!("GRANT SELECT ON shop.goods TO {account} WITH GRANT OPTION"));
    }

    fn set_password(&self, user: &str, password: &str) {
        let account = account(user);
        self.admin(&format!("SET PASSWORD FOR {account} = PASSWORD({})", quoted(password)));
    }

    fn kept(&self, user: &str) -> String {
        let user = quoted(user);
        self.admin(&format!("SELECT authentication_string FROM mysql.user WHERE User = {user}"))
    }

    fn reads(&self, user: &str, password: &str) -> bool {
        let (is_good, output) = self.try_sql(user, password, "SELECT id FROM shop.goods");
        is_good && output.trim() == "42"
    }

    fn opens(&self, user: &str, password: &str) -> bool {
        self.try_sql(user, password, "SELECT 1").0
    }

    fn written(&self) -> String {
        let log = std::fs::read(self.process.directory.join("general")).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }
}

/// Where Debian has it, which is on the path of few users.
fn program() -> &'static str {
    let found = ["/usr/sbin/mariadbd"].into_iter().find(|it| std::path::Path::new(it).exists());
    found.unwrap_or("mariadbd")
}

fn first() -> String {
    format!(
        "CREATE USER 'admin'@'%' IDENTIFIED BY {};\n\
         GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;\n\
         CREATE DATABASE shop;\n\
         CREATE TABLE shop.goods (id INT);\n\
         INSERT INTO shop.goods VALUES (42);\n",
        quoted(PASSWORD)
    )
}

/// The account of a test's user, who may come from where tests run.
pub(crate) fn account(user: &str) -> String {
    format!("{}@'127.0.0.%'", quoted(user))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

const PASSWORD: &str = "superuser's own";
