//! What the operator allows as functions beside the zips of callers: commands of this host, by name,
//! and services elsewhere, by URL.

use std::collections::BTreeMap;
use std::path::Path;

use coffer_pipeline::NamedCode;

use crate::command_line::CommandLine;

/// Commands and URLs that may be functions; none where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionSources {
    /// Program and arguments of each command, by name.
    pub(crate) commands: BTreeMap<String, Vec<String>>,
    /// URLs of services that answer Lambda's Invoke API, as functions have to name them.
    pub(crate) urls: Vec<String>,
}

impl FunctionSources {
    /// Reads `NAME=COMMAND` and URLs.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(commands: &[String], urls: &[String]) -> Result<Self, String> {
        let mut sources = Self::default();
        for text in commands.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let (name, words) = command(text)?;
            if sources.commands.insert(name.clone(), words).is_some() {
                return Err(format!("functions_commands: `{name}` is given twice; keep one"));
            }
        }
        for text in urls.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            coffer_functions::url_of(text)
                .map_err(|why| format!("functions_urls `{text}`: {why}"))?;
            sources.urls.push(text.to_owned());
        }
        Ok(sources)
    }

    /// Whether a function may be this: by its very name, or its very URL.
    pub(crate) fn allow(&self, code: &NamedCode) -> bool {
        match code {
            NamedCode::Command(name) => self.commands.contains_key(name),
            NamedCode::Url(url) => self.urls.contains(url),
        }
    }

    /// Whether certificates have to be verified for some of them.
    pub(crate) fn have_tls(&self) -> bool {
        self.urls.iter().any(|url| url.starts_with("https:"))
    }
}

fn command(text: &str) -> Result<(String, Vec<String>), String> {
    let wrong = |why: &str| format!("functions_commands `{text}`: {why}");
    let (name, line) = text
        .split_once('=')
        .ok_or_else(|| wrong("give NAME=COMMAND, such as rotate=/opt/rotate/bootstrap"))?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_letter) {
        return Err(wrong("a name is of 1 to 64 letters, digits, `-`, `_` and `.`"));
    }
    if line.contains('\0') {
        return Err(format!("functions_commands `{name}`: no word of a command has a NUL"));
    }
    let CommandLine { program, arguments } = CommandLine::parse(line).map_err(|why| wrong(&why))?;
    // The path that functions find programs by is not the server's, and a relative one is nowhere.
    if !Path::new(&program).is_absolute() {
        return Err(wrong("name the program by its whole path"));
    }
    Ok((name.to_owned(), [vec![program], arguments].concat()))
}

const NAME_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use coffer_pipeline::NamedCode;

    use super::FunctionSources;

    fn read(commands: &[&str], urls: &[&str]) -> Result<FunctionSources, String> {
        let owned = |texts: &[&str]| texts.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        FunctionSources::read(&owned(commands), &owned(urls))
    }

    #[test]
    fn what_is_named_is_allowed_and_nothing_else() {
        let none = FunctionSources::default();
        let command = |name: &str| NamedCode::Command(name.to_owned());
        let url = |url: &str| NamedCode::Url(url.to_owned());
        assert!(!none.allow(&command("rotate")) && !none.allow(&url("https://a.example/")));
        let some = read(
            &["rotate=/opt/rotate --name 'a b'", "", " other-1.x=/bin/other "],
            &["https://a.example/base", "http://127.0.0.1:9000", "http://[::1]:1/"],
        );
        let some = some.unwrap();
        assert_eq!(some.commands["rotate"], ["/opt/rotate", "--name", "a b"]);
        assert!(some.allow(&command("rotate")) && some.allow(&command("other-1.x")));
        assert!(some.allow(&url("https://a.example/base")) && some.have_tls());
        for name in ["", "Rotate", "/opt/rotate", "rotate ", "rotate=/opt/rotate"] {
            assert!(!some.allow(&command(name)), "{name}");
        }
        for other in ["https://a.example/base/", "https://a.example/", "https://A.example/base"] {
            assert!(!some.allow(&url(other)), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (commands, urls, why) in [
            (&["/opt/rotate"][..], &[][..], "give NAME=COMMAND"),
            (&["a b=/opt/rotate"], &[], "a name is of"),
            (&["=/opt/rotate"], &[], "a name is of"),
            (&["a=rotate"], &[], "by its whole path"),
            (&["a=./rotate"], &[], "by its whole path"),
            (&["a="], &[], "empty"),
            (&["a=/x 'y"], &[], "quote"),
            (&["a=/x", "a=/y"], &[], "given twice"),
            (&["a=/x b\0c"], &[], "has a NUL"),
            (&[], &["https://a.example:0/"], "its port is none"),
            (&[], &["https://a.example:65536"], "its port is none"),
            (&[], &["http://[::1]:/"], "its port is none"),
            (&[], &["http://a.example/"], "only https URLs"),
            (&[], &["ftp://127.0.0.1/"], "only https URLs"),
            (&[], &["/path"], "whole URL"),
            (&[], &["https://user@a.example/"], "leave out"),
            (&[], &["https://a.example/?a=b"], "leave out"),
            (&[], &["https://a.example/#a"], "leave out"),
            (&[], &["https:// a"], "no URL"),
        ] {
            let told = read(commands, urls).unwrap_err();
            assert!(told.contains(why), "{commands:?} {urls:?}: {told}");
        }
    }
}
