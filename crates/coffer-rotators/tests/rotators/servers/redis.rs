//! A Redis server.

use std::process::Command;

use coffer_test_servers::{
    Process, certify, directory, free_port, give, run, try_run, unprivileged, wait_for,
};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use crate::database::Database;

pub(crate) struct Redis {
    process: Process,
    port: u16,
    is_tls: bool,
    authority: Option<CertificateDer<'static>>,
}

/// Where a server keeps its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Users {
    AclFile,
    ConfigFile,
    Nowhere,
}

impl Redis {
    pub(crate) fn start(is_tls: bool, users: Users) -> Self {
        let temporary = directory();
        let directory = temporary.path();
        let password = format!(">{PASSWORD}");
        let first = ["user default off", &format!("user admin on {password} ~* &* +@all")];
        if users == Users::AclFile {
            std::fs::write(directory.join("users"), first.join("\n") + "\n").unwrap();
        }
        if users == Users::ConfigFile {
            std::fs::write(directory.join("config"), first.join("\n") + "\n").unwrap();
        }
        let authority = is_tls.then(|| certify(directory));
        give(directory);
        let server = Self::serve(temporary, free_port(), authority, users);
        if users == Users::Nowhere {
            let make = ["ACL", "SETUSER", "admin", "on", &password, "~*", "&*", "+@all"];
            let (_, made) = server.command("default", "any", &make);
            assert_eq!(made.trim(), "OK");
        }
        server
    }

    fn serve(
        temporary: TempDir,
        port: u16,
        authority: Option<CertificateDer<'static>>,
        users: Users,
    ) -> Self {
        let is_tls = authority.is_some();
        let directory = temporary.path();
        let path = |name: &str| directory.join(name).display().to_string();
        let mut serve = unprivileged("redis-server");
        if users == Users::ConfigFile {
            serve.arg(path("config"));
        }
        let listen = port.to_string();
        serve.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        serve.args(["--slowlog-log-slower-than", "0", "--slowlog-max-len", "1000"]);
        serve.args(["--dir", &directory.display().to_string()]);
        serve.args(if is_tls { ["--port", "0"] } else { ["--port", &listen] });
        if is_tls {
            serve.args(["--tls-port", &listen, "--tls-auth-clients", "no"]);
            serve.args(["--tls-cert-file", &path("cert.pem"), "--tls-key-file", &path("key.pem")]);
            serve.args(["--tls-ca-cert-file", &path("cert.pem")]);
        }
        if users == Users::AclFile {
            serve.args(["--aclfile", &path("users")]);
        }
        let process = Process::start(temporary, "TERM", &serve);
        let server = Self { process, port, is_tls, authority };
        wait_for(&server.process, || server.ping());
        server
    }

    /// A second server from what this one has on disk, as after its restart.
    pub(crate) fn begun_again(&self, users: Users) -> Self {
        let copy = directory();
        let source = self.process.directory.join(".");
        run(Command::new("cp").arg("-r").arg(source).arg(copy.path()));
        let old = self.process.directory.display().to_string();
        for name in ["config", "users"].map(|name| copy.path().join(name)) {
            if let Ok(text) = std::fs::read_to_string(&name) {
                let text = text.replace(&old, &copy.path().display().to_string());
                std::fs::write(name, text).unwrap();
            }
        }
        give(copy.path());
        Self::serve(copy, free_port(), None, users)
    }

    fn ping(&self) -> bool {
        let (_, output) = self.command("nobody", "nothing", &["PING"]);
        output.contains("PONG") || output.contains("NOAUTH") || output.contains("WRONGPASS")
    }

    /// Runs a command as the superuser.
    pub(crate) fn admin(&self, command: &[&str]) -> String {
        let (is_good, output) = self.command("admin", PASSWORD, command);
        assert!(is_good && !output.contains("ERR"), "{output}");
        output
    }

    fn command(&self, user: &str, password: &str, command: &[&str]) -> (bool, String) {
        let mut client = Command::new("redis-cli");
        client.args(["-h", "localhost", "-p", &self.port.to_string(), "--no-auth-warning"]);
        if self.is_tls {
            client.arg("--tls").arg("--cacert").arg(self.process.directory.join("cert.pem"));
        }
        client.args(["--user", user, "--pass", password]).args(command);
        try_run(&mut client)
    }
}

impl Database for Redis {
    fn engine(&self) -> &'static str {
        "redis"
    }

    fn rotators(&self) -> &'static str {
        "redis"
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

    fn has_spaces_in_names(&self) -> bool {
        false
    }

    fn add_user(&self, user: &str, password: &str) {
        let password = format!(">{password}");
        let rules = ["~goods:*", "+get", "+acl|setuser", "+acl|save", "+config|rewrite"];
        let start = ["ACL", "SETUSER", user, "on", &password];
        self.admin(&[&start[..], &rules[..]].concat());
        self.admin(&["SET", "goods:1", "42"]);
    }

    fn set_password(&self, user: &str, password: &str) {
        self.admin(&["ACL", "SETUSER", user, "resetpass", &format!(">{password}")]);
    }

    fn kept(&self, user: &str) -> String {
        let list = self.admin(&["ACL", "LIST"]);
        let start = format!("user {user} ");
        list.lines().find(|line| line.starts_with(&start)).unwrap_or_default().to_owned()
    }

    fn reads(&self, user: &str, password: &str) -> bool {
        self.command(user, password, &["GET", "goods:1"]).1.trim() == "42"
    }

    fn opens(&self, user: &str, password: &str) -> bool {
        let (_, output) = self.command(user, password, &["GET", "goods:1"]);
        !output.contains("WRONGPASS") && !output.contains("NOAUTH")
    }

    fn written(&self) -> String {
        self.admin(&["SLOWLOG", "GET", "1000"])
    }
}

const PASSWORD: &str = "superusers-own";
