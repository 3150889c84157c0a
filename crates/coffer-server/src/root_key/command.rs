//! The root key in what a command prints: a password manager, another key service, a script.

use std::fmt;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use coffer_seal::RootKey;
use zeroize::Zeroizing;

use crate::command_line::CommandLine;
use crate::runtime;

impl CommandLine {
    /// Runs the command and reads the root key that it prints.
    ///
    /// # Errors
    /// A sentence for the operator, with what the command wrote to its standard error; what it
    /// wrote to its standard output is never shown.
    pub(super) fn read(&self) -> Result<RootKey, String> {
        let failed = |what: &dyn fmt::Display| format!("cannot get root key by `{self}`: {what}");
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error))?;
        let printed = child.stdout.take().map(read_aside);
        let told = child.stderr.take().map(read_aside);
        let ended = wait(&mut child);
        let told = told.and_then(|told| told.recv_timeout(LAST_WORDS_MAX).ok()).unwrap_or_default();
        let told = String::from_utf8_lossy(&told);
        let told = told.trim().replace(|letter: char| letter.is_control(), " ");
        let told = if told.is_empty() { "it says nothing".to_owned() } else { told };
        match ended {
            Ok(Some(status)) if status.success() => {}
            Ok(Some(status)) => return Err(failed(&format_args!("{status}: {told}"))),
            Ok(None) => {
                let limit = RUN_MAX.as_secs();
                return Err(failed(&format_args!("it did not end within {limit} s: {told}")));
            }
            Err(error) => return Err(failed(&error)),
        }
        let printed = printed.and_then(|printed| printed.recv_timeout(LAST_WORDS_MAX).ok());
        let mut printed = printed.unwrap_or_default();
        if printed.len() > super::TEXT_BYTES_MAX {
            return Err(failed(&"it prints more than a root key"));
        }
        let text = String::from_utf8(std::mem::take(&mut *printed)).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            failed(&"it prints no text")
        })?;
        super::parse(&Zeroizing::new(text), &format_args!("what `{self}` prints"))
    }
}

/// Reads a bounded part of what comes out of a pipe; the rest is read as well, so that the command
/// can end, and forgotten.
#[expect(
    clippy::disallowed_methods,
    reason = "a command's two outputs are read at once, before there is anything to serve"
)]
fn read_aside(pipe: impl Read + Send + 'static) -> mpsc::Receiver<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let bytes_max = super::TEXT_BYTES_MAX + 1;
        let mut text = Zeroizing::new(Vec::with_capacity(bytes_max));
        let mut pipe = pipe;
        let mut part = Zeroizing::new([0; 512]);
        while let Ok(bytes @ 1..) = pipe.read(part.as_mut()) {
            let room = bytes_max.saturating_sub(text.len()).min(bytes);
            text.extend_from_slice(part.get(..room).unwrap_or_default());
        }
        // Nobody waits any more for a command that took too long.
        sender.send(text).unwrap_or_default();
    });
    receiver
}

/// Waits for the command's end; one that takes too long is ended.
fn wait(child: &mut Child) -> std::io::Result<Option<std::process::ExitStatus>> {
    let started = runtime::instant();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > RUN_MAX {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK_PAUSE);
    }
}

const RUN_MAX: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 30 });
/// How long what a command has written is waited for once it has ended: something that it started
/// may hold the pipe open.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);
const LOOK_PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::CommandLine;

    fn refusal(line: &str) -> String {
        CommandLine::parse(line).unwrap().read().unwrap_err()
    }

    #[test]
    fn a_key_that_is_printed_is_read() {
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        let line = format!("sh -c 'echo warning >&2; echo {key}'");
        let read = CommandLine::parse(&line).unwrap().read().unwrap();
        assert_eq!(read.to_text().as_str(), key);
    }

    #[test]
    fn a_command_that_fails_is_told_by_its_standard_error_alone() {
        let said = refusal("sh -c 'echo locked >&2; echo hunter2; exit 3'");
        assert!(said.contains("locked") && said.contains('3'), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        let said = refusal("sh -c 'echo hunter2'");
        assert!(said.contains("32 bytes in base64") && !said.contains("hunter2"), "{said}");
        assert!(refusal("/none/such").contains("/none/such"));
        assert!(refusal("sh -c 'head -c 100000 /dev/zero'").contains("more than a root key"));
        assert!(refusal("sleep 30").contains("did not end within"));
    }
}
