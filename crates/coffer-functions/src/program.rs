//! Whether a program of the host's can be run by whoever functions run as.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat, getxattr};

use crate::settings::RunAs;

/// Makes sure that a program is there and that whoever functions run as may run it, as far as its
/// permissions and those of the folders above it tell.
///
/// # Errors
/// What is wrong with it, for the operator.
pub fn must_be_runnable(program: &Path, run_as: RunAs) -> Result<(), String> {
    let unknown = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => "there is no such file".to_owned(),
        _ => format!("it cannot be looked at: {error}"),
    };
    let real = program.canonicalize().map_err(unknown)?;
    let found = real.metadata().map_err(unknown)?;
    if found.is_dir() {
        return Err("it is a folder, and no program".to_owned());
    }
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    if found.mode() & ANYBODY_RUNS == 0 {
        return Err("it is not executable; see chmod".to_owned());
    }
    match run_as {
        RunAs::Root => Ok(()),
        RunAs::Caller => accessat(CWD, &real, Access::EXEC_OK, AtFlags::EACCESS)
            .map_err(|error| format!("the server's user may not run it: {error}")),
        RunAs::Users { uid_first, uids, gid } => {
            let users = uid_first..=uid_first.saturating_add(uids.saturating_sub(1));
            let above = real.ancestors().skip(1);
            let shut = above.filter_map(|folder| Some((folder, folder.metadata().ok()?)));
            let shut = shut.filter(|(folder, it)| !is_open(folder, it, &users, gid));
            if let Some((folder, _)) = shut.last() {
                let folder = folder.display();
                return Err(format!(
                    "the users of functions, group {gid}, may not pass through `{folder}`"
                ));
            }
            match is_open(&real, &found, &users, gid) {
                true => Ok(()),
                false => Err(format!("the users of functions, group {gid}, may not run it")),
            }
        }
    }
}

/// Whether all of these users may run a program, or pass through a folder. They have no other group.
fn is_open(path: &Path, found: &Metadata, users: &Users, gid: u32) -> bool {
    let class = if found.gid() == gid { GROUP_RUNS } else { OTHERS_RUN };
    let is_alone = users.start() == users.end() && users.contains(&found.uid());
    let is_open_to_owner = !users.contains(&found.uid()) || found.mode() & OWNER_RUNS != 0;
    let is_open = is_open_to_owner && (is_alone || found.mode() & class != 0);
    // A list of who else may does not show in the mode.
    is_open || getxattr(path, ACCESS_LIST, &mut [0_u8; 0][..]).is_ok_and(|bytes| bytes > 0)
}

type Users = std::ops::RangeInclusive<u32>;

const OWNER_RUNS: u32 = 0o100;
const GROUP_RUNS: u32 = 0o010;
const OTHERS_RUN: u32 = 0o001;
const ANYBODY_RUNS: u32 = OWNER_RUNS | GROUP_RUNS | OTHERS_RUN;
const ACCESS_LIST: &str = "system.posix_acl_access";

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::path::Path;

    use super::must_be_runnable;
    use crate::settings::RunAs;

    const USERS: RunAs = RunAs::Users { uid_first: 60000, uids: 4, gid: 60000 };

    fn told(program: &Path, run_as: RunAs) -> String {
        must_be_runnable(program, run_as).err().unwrap_or_default()
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_no_program_is_refused_whoever_would_run_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "#!/bin/sh\n").unwrap();
        symlink(folder.path().join("gone"), &link).unwrap();
        chmod(&file, 0o644);
        for run_as in [RunAs::Root, RunAs::Caller, USERS] {
            assert!(told(&folder.path().join("gone"), run_as).contains("no such file"));
            assert!(told(&link, run_as).contains("no such file"));
            assert!(told(&file.join("below"), run_as).contains("no such file"));
            assert!(told(folder.path(), run_as).contains("a folder"));
            assert!(told(Path::new("/dev/null"), run_as).contains("no file"));
            assert!(told(&file, run_as).contains("not executable"));
        }
    }

    #[test]
    fn who_runs_functions_must_be_let_run_it() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "#!/bin/sh\n").unwrap();
        chmod(folder.path(), 0o755);
        chmod(&file, 0o755);
        for run_as in [RunAs::Root, RunAs::Caller, USERS] {
            assert_eq!(told(&file, run_as), "");
        }
        chmod(folder.path(), 0o700);
        assert!(told(&file, USERS).contains(&format!("through `{}`", folder.path().display())));
        chmod(folder.path(), 0o711);
        chmod(&file, 0o750);
        assert!(told(&file, USERS).contains("may not run it"));
        assert_eq!(told(&file, RunAs::Caller), "");
        // The class that a user is in decides, whatever others may.
        let own = file.metadata().unwrap();
        let as_owner = |uid_first, uids| RunAs::Users { uid_first, uids, gid: 60000 };
        assert_eq!(told(&file, as_owner(own.uid(), 1)), "");
        assert!(told(&file, as_owner(own.uid(), 2)).contains("may not run it"));
        let group = RunAs::Users { uid_first: 60000, uids: 4, gid: own.gid() };
        assert_eq!(told(&file, group), "");
        chmod(&file, 0o701);
        assert!(told(&file, group).contains("may not run it"));
        chmod(&file, 0o055);
        assert!(told(&file, as_owner(own.uid(), 1)).contains("may not run it"));
    }
}
