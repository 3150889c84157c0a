//! A PostgreSQL server with what the rotations' tests need in it.

use coffer_test_servers::Postgresql;
use coffer_test_servers::postgresql::SUPERUSER;
use rustls::pki_types::CertificateDer;

use crate::database::Database;

/// Starts it, with goods that users may be let to read.
pub(crate) fn start(has_tls: bool) -> Postgresql {
    let server = Postgresql::start(has_tls);
    server.admin("CREATE EXTENSION pg_stat_statements; CREATE TABLE goods (id int)");
    server.admin("INSERT INTO goods VALUES (42)");
    server
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
        SUPERUSER
    }

    fn authority(&self) -> Option<CertificateDer<'static>> {
        self.authority.clone()
    }

    fn add_user(&self, user: &str, password: &str) {
        let role = format!("\"{}\"", user.replace('"', "\"\""));
        let password = password.replace('\'', "''");
        self.admin(&format!("CREATE ROLE {role} LOGIN PASSWORD '{password}'"));
        // Two grants on one table at a time fail ("tuple concurrently updated") unless the
        // second waits for the first.
        self.admin(&format!("BEGIN; LOCK TABLE goods; GRANT SELECT ON goods TO {role}; COMMIT"));
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
