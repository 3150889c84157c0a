//! Starting an instance: code, credentials, folders, an address, and its keeper.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

use crate::code_folders::{hexadecimal, remove};
use crate::environment::{self, Surroundings};
use crate::function::{Code, Credentials, Function};
use crate::functions::{KEPT, Shared};
use crate::instance::{Instance, Parts};
use crate::launcher::{KEEP, Limits, Order, Refusal, Report, User};
use crate::outcome::{Failure, FailureKind, Fault};
use crate::pool::Place;
use crate::settings::{Confinement, RunAs};

/// A keeper that has started its function's process.
pub(crate) struct Keeper {
    pub(crate) child: Child,
    /// Closing it ends the instance.
    pub(crate) pipe: ChildStdin,
    pub(crate) reports: Lines<BufReader<ChildStdout>>,
    pub(crate) log: pipe::Receiver,
}

/// A folder of an instance's own, removed with it.
pub(crate) struct Scratch(PathBuf);

/// Why an instance was not started.
pub(crate) enum NotStarted {
    /// It could not be.
    Failure(Failure),
    /// There is nothing in the function's code to start, as its caller is told.
    Fault(Fault),
}

/// Starts an instance of a function, which is to be asked for at the listener.
pub(crate) async fn start(
    shared: &Arc<Shared>,
    place: Place,
    function: &Function,
) -> Result<(Instance, TcpListener), NotStarted> {
    let cannot = |error: io::Error| {
        let message = format!("cannot start function `{}`: {error}", function.name);
        Failure::new(FailureKind::CannotStart, message)
    };
    let since = Instant::now();
    let code = code(shared, function).await?;
    let credentials = function.supply.credentials().await.map_err(|reason| {
        let name = &function.name;
        let message = format!("cannot get credentials for function `{name}`: {reason}");
        Failure::new(FailureKind::Credentials, message)
    })?;
    let user = match shared.settings.run_as {
        RunAs::Users { gid, .. } => Some(User { uid: place.uid, gid }),
        RunAs::Caller | RunAs::Root => None,
    };
    let id = hexadecimal(&shared.host.random());
    let scratch = Scratch::make(&shared.folders.scratch.join(&id), user).map_err(cannot)?;
    let listener = TcpListener::bind((shared.settings.listen_address, 0)).await.map_err(cannot)?;
    let local = listener.local_addr().map_err(cannot)?;
    let folder = code.clone().unwrap_or_else(|| scratch.0.as_path().into());
    let now = shared.host.real_now().to_iso8601();
    let day = now.split('T').next().unwrap_or_default().replace('-', "/");
    let surroundings = Surroundings {
        runtime_api: local,
        task_root: &folder,
        runtime_dir: &shared.folders.runtime,
        home: &scratch.0,
        temporary: &scratch.temporary(),
        log_stream: &format!("{day}/[{}]{id}", function.version),
    };
    let order = order(shared, function, &credentials, &surroundings, user)?;
    if order.is_own_program() && !order.program().is_file() {
        return Err(NotStarted::Fault(Fault::NoBootstrap));
    }
    let keeper = launch(&order, &function.name).await?;
    let parts = Parts { keeper, scratch, code, expires: credentials.expires, since };
    Ok((Instance::new(shared.clone(), place, function.clone(), parts), listener))
}

/// The folder of the function's code; a command has none.
async fn code(shared: &Shared, function: &Function) -> Result<Option<Arc<Path>>, Failure> {
    match &function.code {
        Code::Zip { sha256, .. } => {
            shared.code.get(*sha256, function.supply.as_ref()).await.map(Some)
        }
        Code::Command(_) | Code::Url(_) => Ok(None),
    }
}

fn order(
    shared: &Shared,
    function: &Function,
    credentials: &Credentials,
    surroundings: &Surroundings<'_>,
    user: Option<User>,
) -> Result<Order, Failure> {
    let settings = &shared.settings;
    let mut hidden = settings.hidden_folders.clone();
    hidden.push(shared.folders.working.clone());
    // One that is not there yet is hidden by the name that it would have.
    let real = |folder: &PathBuf| folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let hidden = hidden.iter().map(real).collect();
    Ok(Order {
        launcher: settings.launcher.clone(),
        command: command(shared, function, surroundings)?,
        environment: environment::of(settings, function, credentials, surroundings),
        folder: surroundings.task_root.to_owned(),
        user,
        limits: Limits {
            memory_bytes: u64::from(function.memory_mb) * MIB,
            storage_bytes: u64::from(function.storage_mb) * MIB,
            processes: user.map(|_| settings.processes_max),
        },
        hidden,
        readable: vec![surroundings.task_root.to_owned(), surroundings.runtime_dir.to_owned()],
        writable: vec![surroundings.home.to_owned()],
        temporary: surroundings.temporary.to_owned(),
        scratch: surroundings.home.to_owned(),
        must_confine: settings.confinement == Confinement::Required,
        kept: shared.folders.working.join(KEPT),
    })
}

fn command(
    shared: &Shared,
    function: &Function,
    surroundings: &Surroundings<'_>,
) -> Result<Vec<String>, Failure> {
    let refused = |what: &str, name: &str| {
        let message = format!("{what} `{name}` of function `{}` is not allowed", function.name);
        Failure::new(FailureKind::NotAllowed, message)
    };
    match &function.code {
        Code::Zip { runtime, handler, .. } => {
            let found = shared.settings.runtime(runtime);
            let found = found.ok_or_else(|| refused("the runtime", runtime))?;
            let fill = |word: &String| {
                word.replace("{task_root}", &surroundings.task_root.display().to_string())
                    .replace("{runtime_dir}", &surroundings.runtime_dir.display().to_string())
                    // Last of all, since it is the function's.
                    .replace("{handler}", handler)
            };
            Ok(found.command.iter().map(fill).collect())
        }
        Code::Command(name) => {
            let found = shared.settings.commands.get(name);
            found.cloned().ok_or_else(|| refused("the command", name))
        }
        Code::Url(url) => Err(refused("the URL", url)),
    }
}

async fn launch(order: &Order, name: &str) -> Result<Keeper, NotStarted> {
    let failed = |reason: String| {
        let message = format!("cannot start function `{name}`: {reason}");
        Failure::new(FailureKind::CannotStart, message)
    };
    let mut keeper = spawn(order).map_err(|error| failed(format!("no launcher: {error}")))?;
    let bytes = order.to_bytes().map_err(|error| failed(error.to_string()))?;
    // A launcher that ends early says why by itself.
    keeper.pipe.write_all(&bytes).await.ok();
    let line = tokio::time::timeout(LAUNCH_TIME_MAX, keeper.reports.next_line()).await;
    let line = line.map_err(|_| {
        // It cannot look for the end of its pipe while it waits. Where it has ended it needs nothing.
        keeper.child.start_kill().ok();
        failed("the launcher says nothing".to_owned())
    })?;
    let line = line.map_err(|error| failed(error.to_string()))?.unwrap_or_default();
    match serde_json::from_str(&line) {
        Ok(Report::Started { process }) => {
            tracing::debug!(function.name = name, process, "a function's process has started");
            Ok(keeper)
        }
        Ok(Report::NotStarted(Refusal { is_of_program: true, .. })) if order.is_own_program() => {
            Err(NotStarted::Fault(Fault::NotExecutable))
        }
        Ok(Report::NotStarted(refusal)) => Err(failed(refusal.reason).into()),
        _ => Err(failed("the launcher is none; look at the setting of it".to_owned()).into()),
    }
}

fn spawn(order: &Order) -> io::Result<Keeper> {
    let (program, first) = order.launcher.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(first).arg(KEEP).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (Some(pipe), Some(out), Some(log)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let log = pipe::Receiver::from_owned_fd(log.into_owned_fd()?)?;
    Ok(Keeper { child, pipe, reports: BufReader::new(out).lines(), log })
}

impl From<Failure> for NotStarted {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Scratch {
    fn make(folder: &Path, user: Option<User>) -> io::Result<Self> {
        let scratch = Self(folder.to_owned());
        let temporary = scratch.temporary();
        for folder in [folder, &temporary] {
            DirBuilder::new().mode(0o700).create(folder)?;
        }
        // The inner one first: what is in a folder of the user's is not this process's any more.
        for folder in [&temporary, folder] {
            if let Some(user) = user {
                std::os::unix::fs::lchown(folder, Some(user.uid), Some(user.gid))?;
            }
        }
        Ok(scratch)
    }

    fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

const MIB: u64 = 1024 * 1024;
const LAUNCH_TIME_MAX: Duration = Duration::from_secs(10);
