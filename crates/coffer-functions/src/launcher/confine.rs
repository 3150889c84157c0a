//! Landlock: what of the file system a function may read and write.

use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::entrant::TEMPORARY;
use super::order::Order;

/// Takes from this process, and all that come of it, the hidden folders, and all writing but to its
/// own folders, `/tmp` and harmless devices. Processes outside it can then not be looked into either.
pub(super) fn confine(order: &Order) -> Result<(), String> {
    let status = restrict(order).map_err(|error| format!("cannot be confined: {error}"))?;
    match status {
        RulesetStatus::NotEnforced if order.must_confine => {
            Err("cannot be confined: this kernel has no Landlock; enable it, or let functions run \
                 without"
                .to_owned())
        }
        _ => Ok(()),
    }
}

fn restrict(order: &Order) -> Result<RulesetStatus, RulesetError> {
    let all = AccessFs::from_all(VERSION);
    let readable = visible(&order.hidden).into_iter().chain(order.readable.iter().cloned());
    // What is let in a folder is let in all of it.
    let temporary = Some(PathBuf::from(TEMPORARY)).filter(|_| !order.needs_within(TEMPORARY));
    let writable = order.writable.iter().cloned().chain(temporary);
    let devices = DEVICES.iter().map(PathBuf::from);
    let restricted = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(VERSION)))?
        .add_rules(path_beneath_rules(writable.chain(devices), all))?
        .restrict_self()?;
    Ok(restricted.ruleset)
}

/// The largest folders that hold none of the hidden ones. What is made later beside them is not
/// visible, and no link is followed: what it leads to is visible by itself, or not at all.
fn visible(hidden: &[PathBuf]) -> Vec<PathBuf> {
    let mut visible = Vec::new();
    let mut ahead = vec![PathBuf::from("/")];
    while let Some(folder) = ahead.pop() {
        if hidden.iter().any(|it| folder.starts_with(it)) {
            continue;
        }
        if !hidden.iter().any(|it| it.starts_with(&folder)) {
            visible.push(folder);
            continue;
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        ahead.extend(entries.map(|entry| entry.path()).filter(|path| !is_link(path)));
    }
    visible
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_symlink())
}

const VERSION: ABI = ABI::V6;
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

#[cfg(test)]
mod tests {
    use std::fs;

    use super::visible;

    #[test]
    fn all_is_visible_but_what_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["data", "beside/inner"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        std::os::unix::fs::symlink(root.join("data"), root.join("link")).unwrap();
        let found = visible(&[root.join("data"), root.join("beside/inner/none")]);
        assert!(!found.iter().any(|it| root.join("data").starts_with(it)));
        assert!(!found.contains(&root.join("link")) && !found.contains(&root.join("beside")));
        let all = visible(&[root.join("data")]);
        assert!(all.contains(&root.join("beside")));
        assert!(all.iter().any(|it| it.ends_with("usr")));
        assert_eq!(visible(&[]), [std::path::PathBuf::from("/")]);
    }
}
