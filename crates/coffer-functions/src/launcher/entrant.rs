//! The entrant: gives up what a function must not have, and becomes the function's process.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{
    Gid, Resource, Rlimit, Signal, Uid, getppid, getrlimit, set_parent_process_death_signal,
    setrlimit, setsid,
};
use rustix::thread::{
    UnshareFlags, clear_ambient_capability_set, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use super::confine::confine;
use super::order::{Limits, Order, Refusal, User};

/// Becomes the function's process, or says on its standard output why it cannot.
pub(super) fn run(keeper: &str) -> ExitCode {
    // A copy that an exec closes, because the function's standard output is the log.
    let Ok(report) = io::stdout().as_fd().try_clone_to_owned() else {
        return ExitCode::FAILURE;
    };
    let refusal = match enter(keeper) {
        Ok(order) => become_command(&order),
        Err(reason) => reason.into(),
    };
    // Nobody is there to be told where it fails.
    serde_json::to_writer(File::from(report), &refusal).ok();
    ExitCode::FAILURE
}

/// Gives up what the function must not have.
fn enter(keeper: &str) -> Result<Order, String> {
    let order = Order::read(io::stdin().lock())
        .map_err(|error| format!("the launcher has no order: {error}"))?;
    // A session of its own: no terminal, and no signal that was meant for others.
    setsid().map_err(|error| format!("no session: {error}"))?;
    if !order.needs_within(TEMPORARY) {
        mount_temporary(&order.temporary);
    }
    limit(order.limits)?;
    if let Some(user) = order.user {
        become_user(user)?;
    }
    // Behind the change of user, which takes it away again.
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("cannot be ended with its keeper: {error}"))?;
    let parent = getppid().map(|parent| parent.as_raw_nonzero().get().to_string());
    if parent.as_deref() != Some(keeper) {
        return Err("its keeper has ended".to_owned());
    }
    // What the server was given beyond its user. Older kernels have nothing of the kind.
    clear_ambient_capability_set().ok();
    set_no_new_privs(true).map_err(|error| format!("cannot give up privileges: {error}"))?;
    confine(&order)?;
    std::env::set_current_dir(&order.folder).map_err(|error| {
        let folder = order.folder.display();
        format!(
            "cannot enter `{folder}`: {error}; let the function's user pass through the folders \
             above it"
        )
    })?;
    Ok(order)
}

/// Becomes the function's program; returns only where it cannot.
fn become_command(order: &Order) -> Refusal {
    let Some((program, arguments)) = order.command.split_first() else {
        return "there is no command".to_owned().into();
    };
    let log = || io::stderr().as_fd().try_clone_to_owned();
    let (out, err): (OwnedFd, OwnedFd) = match log().and_then(|out| Ok((out, log()?))) {
        Ok(both) => both,
        Err(error) => return format!("no log: {error}").into(),
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    command.envs(order.environment.iter().map(|(name, value)| (name, value)));
    let error = command.stdin(Stdio::null()).stdout(out).stderr(err).exec();
    Refusal { reason: format!("cannot run `{program}`: {error}"), is_of_program: true }
}

/// Puts a folder of the instance's own at `/tmp`, which functions write to by name. Without the right
/// to do so the host's stays there.
fn mount_temporary(temporary: &Path) {
    #[expect(deprecated, reason = "mounts are no file descriptors, whose sharing is the danger")]
    let unshared = rustix::thread::unshare(UnshareFlags::NEWNS);
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    let mounted = unshared.and_then(|()| mount_change("/", private));
    mounted.and_then(|()| mount_bind(temporary, TEMPORARY)).ok();
}

fn limit(limits: Limits) -> Result<(), String> {
    // When memory runs short, functions are to go first. Where that can't be said they go as others.
    fs::write("/proc/self/oom_score_adj", "1000").ok();
    for (resource, most) in [
        (Resource::Core, Some(0)),
        (Resource::Nofile, Some(FILES_MAX)),
        (Resource::Fsize, Some(limits.storage_bytes)),
        (Resource::Nproc, limits.processes),
    ] {
        let Some(most) = most else { continue };
        // A limit that is lower already cannot be raised, and need not be.
        let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|error| format!("no limit for {resource:?}: {error}"))?;
    }
    Ok(())
}

/// This process has one thread, so what is of a thread is of the process.
fn become_user(user: User) -> Result<(), String> {
    let told = |error| format!("cannot become user {} with group {}: {error}", user.uid, user.gid);
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    set_thread_groups(&[]).map_err(told)?;
    set_thread_res_gid(gid, gid, gid).map_err(told)?;
    set_thread_res_uid(uid, uid, uid).map_err(told)
}

pub(super) const TEMPORARY: &str = "/tmp";
/// AWS: file descriptors of an execution environment (Lambda quotas, 2026-11).
const FILES_MAX: u64 = 1024;
