//! The processes below one, as `/proc` tells of them.

use std::fs;
use std::io;
use std::path::Path;

/// All descendants of a process that are alive or not yet waited for.
pub(crate) fn descendants(root: u32) -> Vec<u32> {
    let is_listed = is_listed();
    // Otherwise the parents of all processes say the same.
    let parents = if is_listed { Vec::new() } else { parents() };
    let mut found: Vec<u32> = Vec::new();
    let mut ahead = vec![root];
    while let Some(process) = ahead.pop() {
        let mut children = if is_listed { children(process) } else { Vec::new() };
        children.extend(parents.iter().filter(|it| it.1 == process).map(|it| it.0));
        for child in children {
            if found.len() < PROCESSES_MAX && !found.contains(&child) {
                found.push(child);
                ahead.push(child);
            }
        }
    }
    found
}

/// Whether the kernel lists the children of processes.
pub(crate) fn is_listed() -> bool {
    Path::new("/proc/thread-self/children").exists()
}

/// How much memory processes use: resident pages, where that is too much their fair shares of them.
pub(crate) fn memory_bytes(processes: &[u32], enough: u64) -> u64 {
    let resident: u64 = processes.iter().filter_map(|&process| resident_bytes(process)).sum();
    if resident <= enough || processes.len() < 2 {
        return resident;
    }
    // What a process has forked is shared with it, and counts once.
    processes
        .iter()
        .filter_map(|&process| {
            status_bytes(process, "smaps_rollup", "Pss:").or_else(|| resident_bytes(process))
        })
        .sum()
}

/// The most memory that a process has used, in bytes.
pub(crate) fn memory_peak_bytes(process: u32) -> u64 {
    status_bytes(process, "status", "VmHWM:").unwrap_or(0)
}

/// Whether any of the processes holds the socket; an error where that may not be seen.
pub(crate) fn holds_socket(processes: &[u32], inode: u64) -> io::Result<bool> {
    let wanted = format!("socket:[{inode}]");
    let mut unseen = None;
    for process in processes {
        let entries = match fs::read_dir(format!("/proc/{process}/fd")) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                unseen = Some(error);
                continue;
            }
        };
        for entry in entries.flatten() {
            match fs::read_link(entry.path()) {
                Ok(target) if target.as_os_str() == wanted.as_str() => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    unseen = Some(error);
                }
                _ => {}
            }
        }
    }
    unseen.map_or(Ok(false), Err)
}

fn resident_bytes(process: u32) -> Option<u64> {
    status_bytes(process, "status", "VmRSS:")
}

fn status_bytes(process: u32, file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let texts =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let mut found = Vec::new();
    for text in texts {
        found.extend(text.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    found
}

/// All processes with their parents.
fn parents() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter_map(|process| Some((process, parent(process)?))).collect()
}

fn parent(process: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program is in parentheses, and may hold anything.
    let (_, after_name) = text.rsplit_once(") ")?;
    after_name.split(' ').nth(1)?.parse().ok()
}

/// More than limits let an instance have.
const PROCESSES_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{descendants, holds_socket, memory_bytes, memory_peak_bytes, parent};

    #[test]
    fn a_child_and_its_memory_are_found() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let own = std::process::id();
        assert!(descendants(own).contains(&child.id()));
        assert_eq!(parent(child.id()), Some(own));
        assert!(memory_bytes(&[own], 0) > 100_000);
        assert!(memory_peak_bytes(own) > 100_000);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!descendants(own).contains(&child.id()));
        assert_eq!(memory_bytes(&[child.id()], 0), 0);
    }

    #[test]
    fn a_socket_is_found_with_its_holder() {
        assert!(!holds_socket(&[std::process::id()], u64::MAX).unwrap());
    }
}
