//! Where backups go, and when they are made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{InvalidConfig, wrong};

/// Where backups go, and when they are made.
#[derive(Debug)]
pub struct BackupSettings {
    /// The folder that they go into.
    pub folder: PathBuf,
    /// How many of them stay.
    pub backups_max: usize,
    /// How often one is made, where nobody asks for it.
    pub every: Option<Duration>,
}

pub(super) fn backups(
    data: &Path,
    folder: Option<PathBuf>,
    keep: Option<usize>,
    every: Option<&str>,
) -> Result<BackupSettings, InvalidConfig> {
    let every = every.map(|text| match span(text) {
        Some(span) if span >= EVERY_MIN => Ok(span),
        _ => Err(wrong(&format!(
            "backup-every `{text}`: give minutes, hours or days, 10m at least, such as 6h or 1d"
        ))),
    });
    let backups_max = keep.unwrap_or(KEEP_DEFAULT);
    if !(1..=KEEP_MAX).contains(&backups_max) {
        return Err(wrong(&format!("backups-keep `{backups_max}`: give 1 to {KEEP_MAX}")));
    }
    let folder = folder.unwrap_or_else(|| data.join(FOLDER_DEFAULT));
    Ok(BackupSettings { folder, backups_max, every: every.transpose()? })
}

/// A number and its unit.
fn span(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number <= NUMBER_MAX)?;
    Some(Duration::from_secs(number * seconds))
}

pub(crate) const FOLDER_DEFAULT: &str = "backups";
pub(crate) const KEEP_DEFAULT: usize = 7;
const KEEP_MAX: usize = 1_000;
const EVERY_MIN: Duration = Duration::from_secs(600);
const NUMBER_MAX: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_a_unit() {
        let read = |every| backups(Path::new("/data"), None, None, Some(every));
        assert_eq!(read("10m").unwrap().every, Some(Duration::from_secs(600)));
        assert_eq!(read("6h").unwrap().every, Some(Duration::from_secs(21_600)));
        assert_eq!(read("1d").unwrap().every, Some(Duration::from_secs(86_400)));
        for bad in ["", "d", "1", "1s", "9m", "-1d", "1.5h", "1 d", "999999d", "1é"] {
            let said = read(bad).unwrap_err().0;
            assert!(said.contains("`: give minutes, hours or days, 10m at least"), "{bad}: {said}");
        }
    }

    #[test]
    fn backups_are_in_the_data_directory_and_seven_unless_it_is_said_otherwise() {
        let read = |folder, keep| backups(Path::new("/data"), folder, keep, None);
        let usual = read(None, None).unwrap();
        assert_eq!((usual.folder, usual.backups_max), ("/data/backups".into(), 7));
        assert_eq!(read(Some("/other".into()), Some(1)).unwrap().folder, Path::new("/other"));
        assert!(read(None, Some(0)).is_err() && read(None, Some(1_001)).is_err());
    }
}
