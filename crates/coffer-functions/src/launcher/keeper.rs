//! The keeper: starts the function's process, watches it, and ends all that comes of it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, kill_process, pidfd_open,
    set_child_subreaper, setsid, wait,
};

use super::ENTER;
use super::order::{Order, Refusal, Report};
use super::storage::Storage;
use crate::process_tree::{descendants, is_listed, memory_bytes};

/// Keeps one instance until its process ends or its pipe is closed.
pub(super) fn run() -> ExitCode {
    let mut held = None;
    let kept = start(&mut held).and_then(Kept::watch);
    let report = kept.unwrap_or_else(|refusal| Some(Report::NotStarted(refusal)));
    end_all();
    drop(held);
    // Told last: who hears it knows that nothing is left.
    if let Some(report) = report {
        tell(&report);
    }
    ExitCode::SUCCESS
}

struct Kept {
    process: Pid,
    /// Becomes readable when the process ends; older kernels lack it.
    ending: Option<OwnedFd>,
    /// Those below this one, when they were last looked for.
    processes: Vec<u32>,
    memory_bytes_max: u64,
    memory_peak_bytes: u64,
    storage: Storage,
}

/// `held` is what tells the next server that the function lives.
fn start(held: &mut Option<File>) -> Result<Kept, Refusal> {
    let told = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
    // What a terminal tells the server is not for functions.
    setsid().map_err(|error| told("no session")(error.into()))?;
    set_child_subreaper(Some(getpid())).map_err(|error| told("no subreaper")(error.into()))?;
    let order = Order::read(io::stdin().lock()).map_err(told("the keeper has no order"))?;
    *held = Some(hold(&order.kept).map_err(told("cannot lock"))?);
    // From here on a server that starts waits for this one. One that has started before now did not.
    if is_closed(None, &NO_TIME)? {
        return Err(Refusal::from("nobody waits for it".to_owned()));
    }
    let storage = Storage::open(&order.scratch, order.limits.storage_bytes)?;
    let mut child = enter(&order).map_err(told("the launcher cannot be run again"))?;
    let mut refusal = String::new();
    if let Some(pipe) = child.stdout.take() {
        // Closed by the exec that succeeds.
        pipe.take(REASON_BYTES_MAX).read_to_string(&mut refusal).map_err(told("no word"))?;
    }
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if !refusal.is_empty() {
        return Err(serde_json::from_str(&refusal).unwrap_or_else(|_| refusal.into()));
    }
    let process = process.ok_or_else(|| "it has no process".to_owned())?;
    tell(&Report::Started { process: child.id() });
    Ok(Kept {
        process,
        ending: pidfd_open(process, PidfdFlags::empty()).ok(),
        processes: Vec::new(),
        memory_bytes_max: order.limits.memory_bytes,
        memory_peak_bytes: 0,
        storage,
    })
}

fn hold(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    file.lock_shared()?;
    Ok(file)
}

fn enter(order: &Order) -> io::Result<Child> {
    let (program, first) = order.launcher.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(first).args([ENTER, &std::process::id().to_string()]).env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that ends early says why by itself.
        pipe.write_all(&order.to_bytes()?).ok();
    }
    Ok(child)
}

impl Kept {
    /// Waits for the end of the process, for too much memory or storage, or for the end of who asked.
    fn watch(mut self) -> Result<Option<Report>, Refusal> {
        let look_every = if is_listed() { 1 } else { UNLISTED_LOOK_TICKS };
        for tick in 0_u64.. {
            if is_closed(self.ending.as_ref(), &TICK)? {
                return Ok(None);
            }
            while let Ok(Some((ended, status))) = wait(WaitOptions::NOHANG) {
                if ended == self.process {
                    return Ok(Some(self.ended(status)));
                }
            }
            if tick.is_multiple_of(look_every) {
                self.processes = descendants(std::process::id());
            }
            let used = memory_bytes(&self.processes, self.memory_bytes_max);
            self.memory_peak_bytes = self.memory_peak_bytes.max(used);
            if used > self.memory_bytes_max {
                return Ok(Some(Report::MemoryExceeded { memory_bytes: used }));
            }
            if self.storage.is_exceeded(&self.processes) {
                let memory_peak_bytes = self.memory_peak_bytes;
                return Ok(Some(Report::StorageExceeded { memory_peak_bytes }));
            }
        }
        Ok(None)
    }

    fn ended(&self, status: WaitStatus) -> Report {
        Report::Ended {
            code: status.exit_status(),
            signal: status.terminating_signal(),
            memory_peak_bytes: self.memory_peak_bytes,
        }
    }
}

/// Waits so long, less when something happens; whether coffer has closed its end of the pipe.
fn is_closed(ending: Option<&OwnedFd>, time: &Timespec) -> Result<bool, String> {
    let stdin = io::stdin();
    let mut watched = vec![PollFd::new(&stdin, PollFlags::IN)];
    watched.extend(ending.map(|ending| PollFd::new(ending, PollFlags::IN)));
    match poll(&mut watched, Some(time)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(format!("cannot wait: {error}")),
    }
    // Nothing is ever sent behind the order, so whatever is there to be read is the end.
    Ok(watched.first().is_some_and(|pipe| !pipe.revents().is_empty()))
}

/// Ends every process below this one. Those that were somebody else's children become this one's, so
/// it is done when there is no child to wait for.
fn end_all() {
    for _ in 0..ROUNDS_MAX {
        for process in descendants(std::process::id()) {
            let process = i32::try_from(process).ok().and_then(Pid::from_raw);
            if let Some(process) = process {
                // One that has ended meanwhile needs nothing.
                kill_process(process, Signal::KILL).ok();
            }
        }
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        // The dying take a moment; poll waits without a signal to be handled.
        poll(&mut [], Some(&PAUSE)).ok();
    }
}

/// Writes a line to coffer, which may be gone.
fn tell(report: &Report) {
    let mut out = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    if let (Ok(out), Ok(mut line)) = (&mut out, serde_json::to_vec(report)) {
        line.push(b'\n');
        out.write_all(&line).ok();
    }
}

const NO_TIME: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Looking through all processes of the host costs a few milliseconds.
const UNLISTED_LOOK_TICKS: u64 = 10;
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };
/// About ten seconds.
const ROUNDS_MAX: u32 = 5000;
const REASON_BYTES_MAX: u64 = 4096;
