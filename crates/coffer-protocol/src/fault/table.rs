//! A service's errors, one row each.

use super::{Fault, MessageMember};

/// One error of a service's model, as its table in `errors!` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorRow {
    /// The error's shape in AWS's model.
    pub name: &'static str,
    /// The code on the wire.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The JSON member that carries the message.
    pub member: MessageMember,
}

impl ErrorRow {
    /// This error with a message.
    pub fn with(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.code, self.status, self.member, message)
    }
}

/// Declares a service's errors, one row each: shape, its code on the wire where that differs,
/// HTTP status, and the member (`Lower`, `Upper`, `None`) that carries the message.
///
/// ```
/// coffer_protocol::errors! {
///     /// What SSM's operations refuse.
///     pub SsmError {
///         ParameterNotFound => 400, Lower;
///         InvalidFilterKey => 400, None;
///         InternalServerError => 500, Upper;
///     }
/// }
/// assert_eq!(SsmError::ParameterNotFound.with("Parameter /a not found.").status, 400);
/// assert_eq!(SsmError::InvalidFilterKey.bare().to_json(), br#"{"__type":"InvalidFilterKey"}"#);
/// assert_eq!(SsmError::ROWS.len(), 3);
/// ```
#[macro_export]
macro_rules! errors {
    (
        $(#[$doc:meta])*
        $vis:vis $name:ident {
            $( $(#[$row_doc:meta])* $variant:ident $(($code:literal))? => $status:literal, $member:ident; )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(
            dead_code,
            clippy::enum_variant_names,
            reason = "the table is AWS's, and so are its names"
        )]
        $vis enum $name {
            $(
                $(#[$row_doc])*
                #[doc = concat!("AWS's `", stringify!($variant), "`, HTTP ", stringify!($status), ".")]
                $variant,
            )+
        }

        #[allow(dead_code, reason = "the table is AWS's, not ours")]
        impl $name {
            /// All errors of the service.
            $vis const ROWS: &'static [$crate::ErrorRow] = &[
                $($crate::ErrorRow {
                    name: stringify!($variant),
                    code: $crate::errors!(@code $variant $($code)?),
                    status: $status,
                    member: $crate::MessageMember::$member,
                },)+
            ];

            /// What is known of this error.
            $vis const fn row(self) -> $crate::ErrorRow {
                match self {
                    $(Self::$variant => $crate::ErrorRow {
                        name: stringify!($variant),
                        code: $crate::errors!(@code $variant $($code)?),
                        status: $status,
                        member: $crate::MessageMember::$member,
                    },)+
                }
            }

            /// This error with a message.
            $vis fn with(self, message: impl Into<String>) -> $crate::Fault {
                self.row().with(message)
            }

            /// This error without a message.
            $vis fn bare(self) -> $crate::Fault {
                self.with(String::new())
            }
        }
    };
    (@code $variant:ident $code:literal) => { $code };
    (@code $variant:ident) => { stringify!($variant) };
}
