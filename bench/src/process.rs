//! A measured process: started on a core of its own, its CPU time read from the system.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::call::{ACCESS_KEY_ID, ACCOUNT, SECRET};

/// What a server keeps its rows in.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The embedded engine in a data directory in this folder.
    Data(&'a Path),
    /// A database, beside the data directory in this folder.
    Store(&'a Path, &'a str),
}

/// A server under measurement; ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a command on core 0 and waits until it accepts connections.
    pub(crate) fn start(
        address: SocketAddr,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self, String> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(program).args(arguments);
        command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().map_err(|error| {
            format!("cannot start `{}` by taskset (of util-linux): {error}", program.display())
        })?;
        let server = Self { child, address };
        for _ in 0..TRIES_MAX {
            if TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(TRY_PAUSE);
        }
        Err(format!("`{}` does not listen on {address}", program.display()))
    }

    /// Starts `coffer server` on a store, which is empty or was made by a server started here
    /// before, with further settings.
    pub(crate) fn coffer(
        program: &Path,
        place: Place<'_>,
        settings: &[(&str, &str)],
    ) -> Result<Self, String> {
        let address = free_address()?;
        let (folder, store) = match place {
            Place::Data(folder) => (folder, None),
            Place::Store(folder, url) => (folder, Some(("COFFER_STORE", url))),
        };
        let (listen, data) = (address.to_string(), folder.join("data"));
        let arguments = ["server", "--listen", &listen, "--data", &data.to_string_lossy()];
        let settings: Vec<_> = settings.iter().copied().chain(store).collect();
        let root = [
            ("COFFER_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("COFFER_ROOT_SECRET_ACCESS_KEY", SECRET),
            ("COFFER_ACCOUNT_ID", ACCOUNT),
        ];
        let environment = [&root, settings.as_slice()].concat();
        Self::start(address, program, &arguments, &environment)
    }

    /// Asks the process to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        let told = |error: std::io::Error| format!("cannot stop the server: {error}");
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().map_err(told)?;
        for _ in 0..TRIES_MAX {
            match self.child.try_wait().map_err(told)? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the server ended with {status}")),
                None => std::thread::sleep(TRY_PAUSE),
            }
        }
        Err("the server does not end".to_owned())
    }

    /// Memory that the process has in use, in bytes.
    pub(crate) fn memory_bytes(&self) -> Result<f64, String> {
        let status = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(&status).map_err(|error| error.to_string())?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0).ok_or_else(|| format!("{status} is not as expected"))
    }

    /// CPU time of the process so far, user and system, in microseconds.
    pub(crate) fn cpu_us(&self) -> Result<f64, String> {
        // The scheduler's own count of nanoseconds, for each thread of the process.
        let tasks = format!("/proc/{}/task", self.child.id());
        let tasks = std::fs::read_dir(&tasks).map_err(|error| format!("{tasks}: {error}"))?;
        let mut nanoseconds = 0.0;
        for task in tasks.flatten() {
            let text = std::fs::read_to_string(task.path().join("schedstat"));
            let text = text.map_err(|error| format!("cannot read schedstat: {error}"))?;
            let count = text.split(' ').next().and_then(|count| count.parse::<f64>().ok());
            nanoseconds += count.ok_or("schedstat is not as expected")?;
        }
        Ok(nanoseconds / 1000.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours and holds nothing worth keeping.
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

/// An address on loopback that nobody listens on just now.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}

/// Keeps this process to the core that the measured servers are not on.
pub(crate) fn keep_to_client_core() -> Result<(), String> {
    let id = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", "1", &id])
        .stdout(Stdio::null())
        .status();
    match pinned {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("taskset (of util-linux) ended with {status}")),
        Err(error) => Err(format!("cannot run taskset (of util-linux): {error}")),
    }
}

const TRIES_MAX: usize = 500;
const TRY_PAUSE: Duration = Duration::from_millis(20);
