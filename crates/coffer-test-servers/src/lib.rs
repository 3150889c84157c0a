//! Real servers for tests, started from what the system has installed, in directories of their own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests alone use this, and may unwrap")]

pub mod etcd;
pub mod network;
pub mod postgresql;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub use etcd::{Etcd, EtcdOptions};
pub use network::Network;
pub use postgresql::Postgresql;
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;

/// A server that ends with this value, or with this process, however that ends.
pub struct Process {
    /// Where it keeps its files, `output` among them.
    pub directory: PathBuf,
    /// Waits for the end of its input, which is held by this process, then stops the server and
    /// removes its directory.
    watch: Child,
}

impl Process {
    /// Starts a program in a directory; `signal` is what it takes for the wish to stop at once.
    pub fn start(directory: TempDir, signal: &str, command: &Command) -> Self {
        let directory = directory.keep();
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "watch", signal]).arg(&directory);
        watch.arg(command.get_program()).args(command.get_args());
        let watch = watch.stdin(Stdio::piped()).spawn().unwrap();
        Self { directory, watch }
    }
}

impl Process {
    /// Sends the server a signal. After one that ends it, it can be started again.
    pub fn signal(&self, name: &str) {
        self.order(name);
    }

    /// Starts a server that has ended again, on the files that it left.
    pub fn start_again(&self) {
        self.order("start");
    }

    fn order(&self, order: &str) {
        let mut orders = self.watch.stdin.as_ref().unwrap();
        writeln!(orders, "{order}").unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        self.watch.wait().unwrap();
    }
}

const WATCH: &str = r#"
trap '' INT TERM HUP
signal=$1 directory=$2
shift 2
start() {
    "$@" >>"$directory/output" 2>&1 </dev/null &
    server=$!
}
start "$@"
while read -r order; do
    case $order in
    start) wait "$server" 2>/dev/null; start "$@" ;;
    *) kill "-$order" "$server" ;;
    esac
done
kill "-$signal" "$server" 2>/dev/null
kill -CONT "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$directory"
"#;

/// A directory that the servers' user may work in.
pub fn directory() -> TempDir {
    let directory = tempfile::Builder::new().prefix("coffer-servers-").tempdir().unwrap();
    give(directory.path());
    directory
}

/// Gives a directory and what is in it to the user that servers run as.
pub fn give(directory: &Path) {
    if is_root() {
        run(Command::new("chown").args(["-R", "nobody"]).arg(directory));
    }
}

/// A command as a user that servers agree to run as: not root.
pub fn unprivileged(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--"]).arg(program);
    command
}

/// Whether this is root, which namespaces and mounts are for.
pub fn is_root() -> bool {
    run(Command::new("id").arg("-u")).trim() == "0"
}

/// Runs a program to its good end and gives what it printed.
pub fn run(command: &mut Command) -> String {
    let (is_good, output) = try_run(command);
    assert!(is_good, "{:?} failed: {output}", command.get_program());
    output
}

/// Runs a program; whether it ended well, and what it printed.
pub fn try_run(command: &mut Command) -> (bool, String) {
    let ended = command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("{:?}: {error}; `cargo xtask test` installs it", command.get_program())
    });
    let output = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&output).into_owned())
}

/// Waits until a server answers.
pub fn wait_for(process: &Process, is_ready: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_ready() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = std::fs::read_to_string(process.directory.join("output"));
    panic!("a server does not start: {}", output.unwrap_or_default());
}

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate of `localhost` and its key, in files of the directory, as PEM.
pub fn certify(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).unwrap();
    let key = directory.join("key.pem");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    give(directory);
    run(Command::new("chmod").arg("600").arg(key));
    made.cert.der().clone()
}
