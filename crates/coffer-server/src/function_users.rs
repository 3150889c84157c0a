//! Who functions run as, where the server runs as root.

/// Users and a group that nobody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionUsers {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// Their group.
    pub group: u32,
}

impl FunctionUsers {
    /// Reads `UID-UID:GID`.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let read = || {
            let (users, group) = text.split_once(':')?;
            let (first, last) = users.split_once('-')?;
            let [first, last, group] = [first, last, group].map(|number| number.parse().ok());
            let (first, last, group) = (first?, last?, group?);
            (0 < first && first <= last && group > 0).then_some(Self { first, last, group })
        };
        read().ok_or_else(|| {
            format!(
                "functions_users `{text}`: give the first and the last user and their group as \
                 numbers above 0, such as 60000-60063:60000"
            )
        })
    }
}
