//! All functions of a server: they are invoked here, and stopped together.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};

use crate::code_folders::{CodeFolders, remove};
use crate::function::{Code, Function, Invocation};
use crate::log_lines::LogLines;
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::peer::SOCKETS;
use crate::pool::{Job, Offered, Place, Pool, Reply};
use crate::settings::{Host, InvalidSettings, Settings};
use crate::start::{NotStarted, start};
use crate::url_function;

/// Runs functions. When it is dropped, whatever they are doing is ended.
pub struct Functions {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

/// What all instances use.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) pool: Arc<Pool>,
    /// Room for what is asked of services: as many at one time as there may be instances.
    pub(crate) asking: Semaphore,
    pub(crate) code: CodeFolders,
    pub(crate) folders: Folders,
    /// Held as long as anything is run: the working folder belongs to one process.
    _lock: File,
}

/// The folders in the working folder.
pub(crate) struct Folders {
    pub(crate) working: PathBuf,
    pub(crate) runtime: PathBuf,
    pub(crate) scratch: PathBuf,
}

impl Functions {
    /// Makes the working folder ready, and empties it of what an earlier process has left.
    ///
    /// # Errors
    /// Settings that cannot work, or a working folder that cannot be used.
    pub fn new(settings: Settings, host: Arc<dyn Host>) -> Result<Self, InvalidSettings> {
        settings.check()?;
        if let Err(error) = fs::metadata(SOCKETS) {
            let message =
                format!("cannot see who calls functions' Runtime API: `{SOCKETS}`: {error}");
            return Err(InvalidSettings(message));
        }
        let folder = &settings.working_folder;
        let (folders, lock) = Folders::make(folder).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::WouldBlock => "another process uses it".to_owned(),
                _ => error.to_string(),
            };
            let folder = folder.display();
            InvalidSettings(format!("cannot use the folder `{folder}` for functions: {reason}"))
        })?;
        let shared = Shared {
            pool: Pool::new(&settings),
            asking: Semaphore::new(settings.instances_max),
            code: CodeFolders::new(folders.working.join(CODE)),
            folders,
            settings,
            host,
            _lock: lock,
        };
        Ok(Self { shared: Arc::new(shared), stop: watch::Sender::new(false) })
    }

    /// Invokes a function and waits for its answer. When the future is dropped, or the caller's
    /// patience ends, the function goes on as long as it may, as on AWS.
    ///
    /// # Errors
    /// The function could not be run, or did not answer in time for the caller.
    pub async fn invoke(
        &self,
        function: &Function,
        invocation: Invocation,
    ) -> Result<Outcome, Failure> {
        let patience = invocation.patience.unwrap_or(PATIENCE_MAX);
        let answered = tokio::time::timeout(patience, self.answer(function, invocation)).await;
        answered.unwrap_or_else(|_| {
            let message = format!("no answer of function `{}` in {patience:?}", function.name);
            Err(Failure::new(FailureKind::OutOfPatience, message))
        })
    }

    /// How many instances there are now, idle and ending ones included.
    pub fn instances(&self) -> usize {
        self.shared.pool.instances()
    }

    async fn answer(
        &self,
        function: &Function,
        invocation: Invocation,
    ) -> Result<Outcome, Failure> {
        if let Code::Url(url) = &function.code {
            return url_function::invoke(&self.shared, url, function, &invocation).await;
        }
        for _ in 0..TRIES_MAX {
            let (reply, answer) = oneshot::channel();
            let job = Job { invocation: invocation.clone(), reply };
            let needed_until = self.shared.host.now().plus(function.timeout + CREDENTIALS_SPARE);
            match self.shared.pool.offer(function, job, needed_until)? {
                Offered::Taken => {}
                Offered::Cold(place, job) => {
                    let (shared, stop) = (self.shared.clone(), self.stop.subscribe());
                    let life = live(shared, *place, function.clone(), job, stop);
                    self.shared.host.spawn(Box::pin(life));
                }
            }
            match answer.await {
                Ok(Reply::Done(result)) => return result,
                Ok(Reply::NotTaken) => {}
                Err(_) => {
                    return Err(Failure::new(FailureKind::Stopped, "functions are being stopped"));
                }
            }
        }
        let message = format!(
            "instances of function `{}` end while they wait; look at its log",
            function.name
        );
        Err(Failure::new(FailureKind::CannotStart, message))
    }

    /// Ends all instances, and waits until nothing of them is left.
    pub async fn stop(&self) {
        self.begin_stop();
        if tokio::time::timeout(STOP_TIME_MAX, self.shared.pool.wait_until_empty()).await.is_err() {
            tracing::error!("functions have not ended in time");
        }
    }

    fn begin_stop(&self) {
        self.shared.pool.stop();
        self.stop.send_replace(true);
    }
}

/// The life of an instance. It does not hang on the caller's, so that whoever is gone leaves nothing
/// half started behind.
async fn live(
    shared: Arc<Shared>,
    place: Place,
    function: Function,
    job: Job,
    stop: watch::Receiver<bool>,
) {
    let result = match start(&shared, place, &function).await {
        Ok((instance, listener)) => return instance.run(listener, job, stop).await,
        Err(NotStarted::Fault(fault)) => {
            let (function, is_on) = (&function, shared.settings.logs_lines);
            let mut lines = LogLines::new(function, is_on);
            lines.begin(&job.invocation.request_id);
            lines.tell(&fault.sentence());
            Ok(Outcome::of_fault(&fault, function, &job.invocation, shared.host.real_now()))
        }
        Err(NotStarted::Failure(failure)) => Err(failure),
    };
    // Who asked may have gone.
    job.reply.send(Reply::Done(result)).ok();
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.begin_stop();
    }
}

impl Folders {
    fn make(working: &Path) -> io::Result<(Self, File)> {
        fs::create_dir_all(working)?;
        let working = working.canonicalize()?;
        let lock = working.join(LOCK);
        if !lock.exists() && fs::read_dir(&working)?.next().is_some() {
            return Err(io::Error::other("something else is in it; give functions a new folder"));
        }
        // Functions pass through it, but do not see what else is in it.
        fs::set_permissions(&working, Permissions::from_mode(0o711))?;
        let lock = File::create(lock)?;
        lock.try_lock()?;
        wait_for_keepers(&working)?;
        let [code, scratch, runtime] = [CODE, "scratch", "runtime"].map(|it| working.join(it));
        for (folder, mode) in [(&code, 0o711), (&scratch, 0o711), (&runtime, 0o755)] {
            remove(folder);
            fs::create_dir(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(mode))?;
        }
        let client = runtime.join("nodejs.mjs");
        fs::write(&client, NODEJS)?;
        fs::set_permissions(&client, Permissions::from_mode(0o444))?;
        Ok((Self { working, runtime, scratch }, lock))
    }
}

/// Waits until the functions of an earlier process have ended. Keepers end them when they hear of its
/// death, which takes a moment; a new process that went on at once could run one a second time beside.
fn wait_for_keepers(working: &Path) -> io::Result<()> {
    let kept = File::create(working.join(KEPT))?;
    for _ in 0..KEEPER_LOOKS_MAX {
        match kept.try_lock() {
            // Closing it gives the lock back.
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(KEEPER_LOOK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other("functions of an earlier process have not ended"))
}

const CODE: &str = "code";
/// See [`Order::kept`](crate::launcher::Order).
pub(crate) const KEPT: &str = "keepers.lock";
const KEEPER_LOOK_PAUSE: Duration = Duration::from_millis(10);
/// Half a minute: a keeper gives up after a third of that.
const KEEPER_LOOKS_MAX: usize = 3000;
/// The file in a working folder that whoever uses it has locked.
pub(crate) const LOCK: &str = "functions.lock";
/// The client of the Runtime API for Node; AWS's own has to be compiled for each host.
const NODEJS: &str = include_str!("nodejs.mjs");
/// Longer than any function may take, with its start.
const PATIENCE_MAX: Duration = Duration::from_secs(1000);
/// How much longer than an invocation credentials last when it begins.
const CREDENTIALS_SPARE: Duration = Duration::from_secs(60);
const TRIES_MAX: usize = 3;
const STOP_TIME_MAX: Duration = Duration::from_secs(20);
