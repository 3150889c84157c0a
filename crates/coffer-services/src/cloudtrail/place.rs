//! Where a trail's files go: a bucket is a folder in the operator's folder of exports.

use std::path::{Path, PathBuf};

use coffer_protocol::Fault;

use super::errors::CloudTrailError;
use super::trail::TrailRecord;

/// Refuses what can be no bucket's name, and any name where there are no exports.
pub(super) fn must_be_bucket(name: &str, exports: Option<&Path>) -> Result<(), Fault> {
    let is_name = (3..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
        && !name.contains("..");
    if !is_name {
        return Err(CloudTrailError::InvalidS3BucketNameException
            .with(format!("Bucket name {name} is not valid.")));
    }
    if exports.is_none() {
        return Err(CloudTrailError::S3BucketDoesNotExistException
            .with(format!("S3 bucket {name} does not exist!")));
    }
    Ok(())
}

/// Refuses a prefix that does not stay within its bucket's folder.
pub(super) fn must_be_prefix(prefix: &str) -> Result<(), Fault> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!_.*'()-".contains(c))
    };
    if prefix.len() <= PREFIX_BYTES_MAX && prefix.split('/').all(is_part) {
        return Ok(());
    }
    Err(CloudTrailError::InvalidS3PrefixException
        .with(format!("S3 key prefix {prefix} is not valid.")))
}

/// The key of a trail's object: its prefix, where it has one, and the rest.
pub(super) fn object(trail: &TrailRecord, rest: &str) -> String {
    match &trail.prefix {
        Some(prefix) => format!("{prefix}/{rest}"),
        None => rest.to_owned(),
    }
}

/// Writes an object: whole or not at all, and on the disk when this returns.
pub(super) fn write(exports: &Path, bucket: &str, object: &str, bytes: &[u8]) -> Result<(), Fault> {
    let path = path_of(exports, bucket, object);
    write_file(&path, bytes)
        .map_err(|error| Fault::unavailable(format!("cannot write `{}`: {error}", path.display())))
}

fn path_of(exports: &Path, bucket: &str, object: &str) -> PathBuf {
    let mut path = exports.join(bucket);
    path.extend(object.split('/'));
    path
}

fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let Some(folder) = path.parent() else { return Err(std::io::ErrorKind::InvalidInput.into()) };
    std::fs::create_dir_all(folder)?;
    let unfinished = path.with_extension("new");
    let mut file = std::fs::File::create(&unfinished)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    std::fs::File::open(folder)?.sync_all()
}

const PREFIX_BYTES_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{must_be_bucket, must_be_prefix};

    #[test]
    fn no_bucket_and_no_prefix_leaves_the_exports() {
        let exports = Some(Path::new("/e"));
        for good in ["logs", "my-logs.example", "123"] {
            assert!(must_be_bucket(good, exports).is_ok(), "{good}");
            let missing = must_be_bucket(good, None).unwrap_err();
            assert_eq!(missing.code, "S3BucketDoesNotExistException");
        }
        for bad in ["..", "a/b", "../x", ".ab", "ab.", "a..b", "AB", "", "a\0b", "/etc"] {
            assert_eq!(
                must_be_bucket(bad, exports).unwrap_err().code,
                "InvalidS3BucketNameException",
                "{bad}"
            );
        }
        for good in ["a", "a/b-c", "team(1)"] {
            assert!(must_be_prefix(good).is_ok(), "{good}");
        }
        for bad in ["", "/a", "a/", "..", "a/../b", "./a", "a//b", "a\\b", "a b"] {
            assert!(must_be_prefix(bad).is_err(), "{bad}");
        }
    }
}
