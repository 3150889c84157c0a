//! What comes of an invocation: an outcome that a caller of Invoke sees, or a failure to run at all.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use coffer_model::Timestamp;
use serde_json::json;

use crate::function::{Function, Invocation};
use crate::log_tail::LogTail;

/// What Invoke answers.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The function's answer, or an error's JSON.
    pub payload: Bytes,
    /// Set where the payload is an error.
    pub function_error: Option<FunctionError>,
    /// The last 4 KiB of the log.
    pub log_tail: Bytes,
    /// The version that was run.
    pub executed_version: String,
    /// How long the function took, without its start.
    pub duration: Duration,
}

/// The value of `X-Amz-Function-Error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionError {
    /// The function raised, ended, or took too long.
    Unhandled,
}

/// A function that could not be run, or whose answer was not waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What failed, why, and what to do: for the operator.
    pub message: String,
}

/// The kinds of failures to run a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// As many instances as may be are busy.
    TooManyInstances,
    /// The settings do not allow the function's runtime, command or URL.
    NotAllowed,
    /// The archive is missing, broken, or not to be unpacked.
    Code,
    /// No session of the execution role could be had.
    Credentials,
    /// Its process could not be started.
    CannotStart,
    /// The service at its URL gave no answer of the Invoke API.
    NoAnswer,
    /// The caller's patience ended before the function's timeout.
    OutOfPatience,
    /// Functions are being stopped.
    Stopped,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl FunctionError {
    /// As the header has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unhandled => "Unhandled",
        }
    }
}

impl Outcome {
    /// The outcome of an invocation that no process was started for.
    pub(crate) fn of_fault(
        fault: &Fault,
        function: &Function,
        invocation: &Invocation,
        now: Timestamp,
    ) -> Self {
        let request_id = &invocation.request_id;
        let mut log = LogTail::default();
        log.start(request_id, &function.version);
        log.fault(request_id, fault, now);
        Self {
            payload: fault.payload(request_id),
            function_error: Some(FunctionError::Unhandled),
            log_tail: log.take(),
            executed_version: function.version.clone(),
            duration: Duration::ZERO,
        }
    }
}

/// An answer without its bytes, which may be secret.
impl fmt::Debug for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Outcome")
            .field("payload_bytes", &self.payload.len())
            .field("function_error", &self.function_error)
            .field("executed_version", &self.executed_version)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}

/// Why a runtime gave no answer of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    TimedOut { timeout: Duration },
    Exited(Exit),
    NoBootstrap,
    NotExecutable,
    ResponseTooLarge,
}

/// How a runtime's process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
    /// It used more than its memory, or was ended with its keeper.
    Killed,
    /// It wrote more, or more files, than its storage holds.
    StorageExceeded,
}

impl Fault {
    /// AWS's word for it.
    pub(crate) fn error_type(&self) -> &'static str {
        match self {
            Self::TimedOut { .. } => "Sandbox.Timedout",
            Self::Exited(_) => "Runtime.ExitError",
            Self::NoBootstrap | Self::NotExecutable => "Runtime.InvalidEntrypoint",
            Self::ResponseTooLarge => "Function.ResponseSizeTooLarge",
        }
    }

    /// AWS's sentence for it.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::TimedOut { timeout } => {
                format!("Task timed out after {:.2} seconds", timeout.as_secs_f64())
            }
            Self::Exited(exit) => exit.sentence(),
            Self::NoBootstrap => {
                "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".to_owned()
            }
            Self::NotExecutable => "fork/exec /var/task/bootstrap: cannot be executed".to_owned(),
            Self::ResponseTooLarge => format!(
                "Response payload size exceeded maximum allowed payload size ({PAYLOAD_BYTES_MAX} \
                 bytes)."
            ),
        }
    }

    /// The payload of the answer to Invoke.
    pub(crate) fn payload(&self, request_id: &str) -> Bytes {
        let sentence = self.sentence();
        let message = match self {
            Self::ResponseTooLarge => sentence,
            _ => format!("RequestId: {request_id} Error: {sentence}"),
        };
        json!({ "errorType": self.error_type(), "errorMessage": message }).to_string().into()
    }
}

impl Exit {
    fn sentence(self) -> String {
        match self {
            // AWS: an exit with code 0 is no reason (Runtime Interface Emulator, 2026-11).
            Self::Code(0) => "Runtime exited without providing a reason".to_owned(),
            Self::Code(code) => format!("Runtime exited with error: exit status {code}"),
            Self::Killed | Self::Signal(9) => {
                "Runtime exited with error: signal: killed".to_owned()
            }
            // Where AWS's functions are told so by the system, whose storage is a disk of their own.
            Self::StorageExceeded => {
                "Runtime exited with error: no space left in its ephemeral storage".to_owned()
            }
            Self::Signal(6) => "Runtime exited with error: signal: aborted".to_owned(),
            Self::Signal(11) => "Runtime exited with error: signal: segmentation fault".to_owned(),
            Self::Signal(15) => "Runtime exited with error: signal: terminated".to_owned(),
            Self::Signal(signal) => format!("Runtime exited with error: signal: {signal}"),
        }
    }
}

/// AWS: 6 MB and what is put around them (API reference, Invoke, 2026-11).
pub const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Exit, Fault, Outcome};

    fn payload(fault: &Fault) -> String {
        String::from_utf8(fault.payload("id-1").to_vec()).unwrap()
    }

    #[test]
    fn errors_are_aws_own() {
        assert_eq!(
            payload(&Fault::TimedOut { timeout: Duration::from_secs(3) }),
            "{\"errorMessage\":\"RequestId: id-1 Error: Task timed out after 3.00 seconds\",\
             \"errorType\":\"Sandbox.Timedout\"}"
        );
        assert_eq!(
            payload(&Fault::Exited(Exit::Code(1))),
            "{\"errorMessage\":\"RequestId: id-1 Error: Runtime exited with error: exit status 1\",\
             \"errorType\":\"Runtime.ExitError\"}"
        );
        assert!(payload(&Fault::Exited(Exit::Code(0))).contains("without providing a reason"));
        assert!(payload(&Fault::Exited(Exit::Killed)).contains("signal: killed"));
        assert_eq!(
            payload(&Fault::ResponseTooLarge),
            "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size \
             (6291556 bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}"
        );
    }

    #[test]
    fn an_outcome_does_not_show_its_payload() {
        let outcome = Outcome {
            payload: "hunter2".into(),
            function_error: None,
            log_tail: "hunter2".into(),
            executed_version: "1".to_owned(),
            duration: Duration::ZERO,
        };
        assert!(!format!("{outcome:?}").contains("hunter2"));
    }
}
