//! What the operator says of functions, where they are on.

use std::path::{Path, PathBuf};

use coffer_functions::RunAs;

use crate::function_sources::FunctionSources;
use crate::function_users::FunctionUsers;

/// How functions are run, and which there may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionOptions {
    /// Who they run as, where the server runs as root.
    pub users: Option<FunctionUsers>,
    /// Where they find programs.
    pub path: Option<String>,
    /// What they may be beside zips of callers.
    pub sources: FunctionSources,
    /// Certificate authorities of services that are functions, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether what they write is written to the log.
    pub logs_lines: bool,
}

/// What the settings of `coffer server` and of `coffer dev` say of functions, as it was written.
#[derive(Debug, Default)]
pub(crate) struct FunctionTexts<'t> {
    pub(crate) users: Option<&'t str>,
    pub(crate) path: Option<&'t str>,
    pub(crate) commands: &'t [String],
    pub(crate) urls: &'t [String],
    pub(crate) ca_file: Option<&'t Path>,
    pub(crate) logs_lines: bool,
}

impl FunctionOptions {
    /// Reads and checks what does not depend on the host.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(texts: &FunctionTexts<'_>) -> Result<Self, String> {
        let users = texts.users.map(FunctionUsers::read).transpose()?;
        texts.path.map(must_be_whole).transpose()?;
        let sources = FunctionSources::read(texts.commands, texts.urls)?;
        if texts.ca_file.is_some() && !sources.have_tls() {
            return Err("functions_ca_file is for services that are functions, and no \
                        functions_urls is one of https; give one, or leave out the file"
                .to_owned());
        }
        Ok(Self {
            users,
            path: texts.path.map(str::to_owned),
            sources,
            ca_file: texts.ca_file.map(Path::to_owned),
            logs_lines: texts.logs_lines,
        })
    }

    /// Makes sure that functions can be run as this, and the operator's commands by whoever it is.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn must_be_runnable(&self, run_as: RunAs) -> Result<(), String> {
        run_as.must_be_possible().map_err(|invalid| invalid.to_string())?;
        for (name, words) in &self.sources.commands {
            let program = words.first().map(String::as_str).unwrap_or_default();
            coffer_functions::must_be_runnable(Path::new(program), run_as)
                .map_err(|why| format!("functions_commands `{name}`: `{program}`: {why}"))?;
        }
        Ok(())
    }
}

/// A relative folder would be looked for in each function's own code, which is its caller's.
fn must_be_whole(path: &str) -> Result<(), String> {
    for folder in path.split(':') {
        if !folder.starts_with('/') || folder.contains('\0') {
            let folder = folder.replace('\0', "\\0");
            return Err(format!(
                "functions_path: `{folder}` is no whole path; give folders from `/` on, with `:` \
                 between them"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use coffer_functions::RunAs;

    use super::{FunctionOptions, FunctionTexts};

    fn told(texts: &FunctionTexts<'_>) -> String {
        FunctionOptions::read(texts).err().unwrap_or_default()
    }

    #[test]
    fn folders_of_programs_are_whole_paths() {
        let of = |path| told(&FunctionTexts { path: Some(path), ..FunctionTexts::default() });
        assert_eq!(of("/usr/bin:/opt/a b"), "");
        for path in ["", "bin", ".", "/usr/bin:", ":/usr/bin", "/bin::/usr/bin", "/bin:./x", "/\0"]
        {
            assert!(of(path).contains("is no whole path"), "{path}");
        }
    }

    #[test]
    fn authorities_are_for_somebody_who_proves_something_by_them() {
        let ca_file = Some(Path::new("/ca.pem"));
        let of = |urls: &[String]| told(&FunctionTexts { urls, ca_file, ..Default::default() });
        assert!(of(&[]).contains("functions_ca_file"));
        assert!(of(&["http://127.0.0.1:1/".to_owned()]).contains("functions_ca_file"));
        assert_eq!(of(&["https://a.example/".to_owned()]), "");
    }

    #[test]
    fn a_command_that_cannot_be_run_is_named() {
        let commands = ["fine=/bin/sh -c x".to_owned(), "bad=/gone -x".to_owned()];
        let texts = |commands| FunctionTexts { commands, ..FunctionTexts::default() };
        let checked = |commands| {
            let options = FunctionOptions::read(&texts(commands)).unwrap();
            options.must_be_runnable(RunAs::Root)
        };
        assert_eq!(checked(&commands[..1]), Ok(()));
        let why = checked(&commands).unwrap_err();
        assert_eq!(why, "functions_commands `bad`: `/gone`: there is no such file");
    }
}
