//! Documents name what is there: links, paths of files, commands of xtask.

use std::fs;
use std::path::Path;

use crate::stage::Failure;

/// What the documents name and is not there.
pub(super) fn faults(root: &Path) -> Result<Vec<String>, Failure> {
    let mut faults = Vec::new();
    for directory in ["", "docs", "docs/adr", "docs/operate"] {
        let failed = |error| Failure::Stopped(format!("cannot list `{directory}`: {error}"));
        for entry in fs::read_dir(root.join(directory)).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            let text = fs::read_to_string(&path)
                .map_err(|error| Failure::Stopped(format!("cannot read {name}: {error}")))?;
            let beside = path.parent().unwrap_or(root);
            let is_there = |target: &str| beside.join(target).exists();
            let links = links(&text).into_iter().filter(|target| !is_there(target));
            faults.extend(links.map(|target| format!("{name}: the link to `{target}` is broken")));
            let is_there =
                |path: &str| ROOTS.iter().any(|from| root.join(from).join(path).exists());
            let paths = paths(&text).into_iter().filter(|path| !is_there(path));
            faults.extend(paths.map(|path| format!("{name}: there is no `{path}`")));
        }
    }
    faults.sort();
    Ok(faults)
}

/// The targets of links within the repository.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
}

/// What stands in backquotes and looks like the path of a file or a folder here: with a slash, and
/// of words that such paths are made of. Words in capitals stand for any name.
fn paths(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    let quoted = prose.flat_map(|part| part.split('`').skip(1).step_by(2));
    let is_path = |words: &&str| {
        let has_name = words.contains('/') && !words.starts_with(['/', '-', '.']);
        let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        has_name
            && TOPS.iter().any(|top| words.starts_with(top))
            && words.chars().all(|letter| letters(letter) || "/._-".contains(letter))
    };
    quoted.filter(is_path).collect()
}

/// Paths are named from here: from the root, or, for the crates, without the folder of them all.
const ROOTS: &[&str] = &["", "crates"];
const TOPS: &[&str] = &[
    "bench/",
    "coffer/",
    "coffer-client/",
    "coffer-macros/",
    "coffer-model/",
    "coffer-pipeline/",
    "coffer-protocol/",
    "coffer-seal/",
    "coffer-server/",
    "coffer-services/",
    "coffer-store/",
    "crates/",
    "deploy/",
    "docs/",
    "fuzz/",
    "tests/",
    "xtask/",
];

#[cfg(test)]
mod tests {
    use super::{links, paths};

    #[test]
    fn links_and_paths_are_found_and_other_words_are_not() {
        let text = "[a](docs/a.md#part) [b](https://x.example/) `coffer-seal/src/row.rs` and `ssm/x` \
                    `coffer-services/src/SERVICE.rs` `application/json`\n```\n`docs/not.md`\n```\n";
        assert_eq!(links(text), ["docs/a.md"]);
        assert_eq!(paths(text), ["coffer-seal/src/row.rs"]);
    }
}
