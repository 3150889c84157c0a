//! An etcd cluster.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::network::{at, far, near};
use crate::{Process, certify, directory, free_port, give, unprivileged, wait_for};

/// An etcd cluster on loopback.
pub struct Etcd {
    /// Its members.
    pub members: Vec<EtcdMember>,
    prefix: &'static str,
}

/// A member of an etcd cluster.
pub struct EtcdMember {
    /// Its process.
    pub process: Process,
    /// Where clients find it: its host,
    pub host: String,
    /// and its port.
    pub port: u16,
    /// Where its health is told, without TLS.
    health_port: u16,
}

/// How members are started.
#[derive(Clone, Copy, Debug, Default)]
pub struct EtcdOptions {
    /// Whether clients have to come by TLS and prove who they are; the certificate of both sides is
    /// `cert.pem` in the directory of the process, and its key `key.pem`.
    pub has_tls: bool,
    /// Whether they have the limits that etcd has by default, which are too low for a store.
    pub has_default_limits: bool,
    /// How large their files may grow, where it is not what etcd allows by default.
    pub quota_bytes: Option<u64>,
    /// Whether each is a host of its own of a [`crate::Network`] that the test has made.
    pub is_apart: bool,
}

impl Etcd {
    /// Starts a cluster of so many members.
    pub fn start(members: usize, options: EtcdOptions) -> Self {
        for _ in 0..STARTS_MAX {
            let cluster = Self::begin(members, options);
            // Somebody else may have come to listen at a port that was free.
            let is_taken = |member: &EtcdMember| member.output().contains(PORT_TAKEN);
            let have_ports = || !cluster.members.iter().any(is_taken);
            for member in &cluster.members {
                wait_for(&member.process, || member.is_healthy() || !have_ports());
            }
            if have_ports() {
                return cluster;
            }
        }
        panic!("other processes take the ports of etcd again and again");
    }

    fn begin(members: usize, options: EtcdOptions) -> Self {
        let ports: Vec<[u16; 3]> = (0..members).map(|_| [(); 3].map(|()| free_port())).collect();
        let peers = ports.iter().enumerate();
        let peers = peers.map(|(index, [_, peer, _])| {
            format!("m{index}=http://{}:{peer}", host_of(index, options))
        });
        let peers = peers.collect::<Vec<_>>().join(",");
        let start = |(index, ports): (usize, &[u16; 3])| start(index, *ports, &peers, options);
        let members = ports.iter().enumerate().map(start).collect();
        Self { members, prefix: if options.has_tls { "etcds" } else { "etcd" } }
    }

    /// The URL of a store in it, with what comes after the hosts.
    pub fn url(&self, rest: &str) -> String {
        self.url_as("", rest)
    }

    /// The URL of a store in it as a user: `USER:PASSWORD@`.
    pub fn url_as(&self, login: &str, rest: &str) -> String {
        let host = |member: &EtcdMember| match member.host.as_str() {
            LOOPBACK => format!("localhost:{}", member.port),
            host => format!("{host}:{}", member.port),
        };
        let hosts: Vec<String> = self.members.iter().map(host).collect();
        format!("{}://{login}{}/{rest}", self.prefix, hosts.join(","))
    }

    /// The place of the member that leads.
    pub fn leader(&self) -> usize {
        let leads = |member: &EtcdMember| {
            let metrics = member.get("/metrics");
            metrics.is_some_and(|text| text.contains("\netcd_server_is_leader 1\n"))
        };
        for _ in 0..200 {
            if let Some(leader) = self.members.iter().position(leads) {
                return leader;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no member leads");
    }

    /// Calls one of etcd's methods by its JSON gateway and gives the answer; a token says who calls,
    /// where that matters.
    pub fn call(&self, token: &str, path: &str, json: &str) -> String {
        let member = self.members.first().unwrap();
        let answer = ask((&member.host, member.port), &format!("POST {path}"), token, json);
        let answer = answer.unwrap_or_else(|| panic!("no answer to {path}"));
        assert!(answer.starts_with("HTTP/1.0 200"), "{path}: {answer}");
        answer
    }
}

impl EtcdMember {
    fn is_healthy(&self) -> bool {
        self.get("/health").is_some_and(|health| health.contains(r#""health":"true""#))
    }

    fn output(&self) -> String {
        let output = std::fs::read(self.process.directory.join("output")).unwrap_or_default();
        String::from_utf8_lossy(&output).into_owned()
    }

    fn get(&self, path: &str) -> Option<String> {
        ask((&self.host, self.health_port), &format!("GET {path}"), "", "")
    }
}

fn start(index: usize, ports: [u16; 3], peers: &str, options: EtcdOptions) -> EtcdMember {
    let temporary = directory();
    let [port, peer_port, health_port] = ports;
    if options.has_tls {
        certify(temporary.path());
    }
    give(temporary.path());
    let file = |name: &str| temporary.path().join(name).display().to_string();
    let scheme = if options.has_tls { "https" } else { "http" };
    let host = host_of(index, options);
    let mut serve = if options.is_apart { at(index, "etcd") } else { unprivileged("etcd") };
    let mut set = |name: &str, value: String| {
        serve.arg(format!("--{name}={value}"));
    };
    set("name", format!("m{index}"));
    set("data-dir", file("data"));
    let client = format!("{scheme}://{host}:{port}");
    let far = options.is_apart.then(|| format!(",{scheme}://{}:{port}", far(index)));
    set("listen-client-urls", format!("{client}{}", far.unwrap_or_default()));
    set("advertise-client-urls", client);
    set("listen-peer-urls", format!("http://{host}:{peer_port}"));
    set("initial-advertise-peer-urls", format!("http://{host}:{peer_port}"));
    set("listen-metrics-urls", format!("http://{host}:{health_port}"));
    set("initial-cluster", peers.to_owned());
    set("logger", "zap".to_owned());
    if options.has_tls {
        set("cert-file", file("cert.pem"));
        set("key-file", file("key.pem"));
        set("client-cert-auth", "true".to_owned());
        set("trusted-ca-file", file("cert.pem"));
    }
    if let Some(bytes) = options.quota_bytes {
        set("quota-backend-bytes", bytes.to_string());
    }
    if !options.has_default_limits {
        set("max-txn-ops", "2048".to_owned());
        set("max-request-bytes", "9437184".to_owned());
    }
    EtcdMember { process: Process::start(temporary, "KILL", &serve), host, port, health_port }
}

fn host_of(index: usize, options: EtcdOptions) -> String {
    if options.is_apart { near(index) } else { LOOPBACK.to_owned() }
}

/// Asks by HTTP; the whole answer, if there is one.
fn ask(address: (&str, u16), what: &str, token: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let length = body.len();
    let login = match token {
        "" => String::new(),
        token => format!("Authorization: {token}\r\n"),
    };
    let head = format!("{what} HTTP/1.0\r\nContent-Length: {length}\r\n{login}");
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

const LOOPBACK: &str = "127.0.0.1";
const PORT_TAKEN: &str = "address already in use";
const STARTS_MAX: usize = 4;
