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
        let wrong = |why: &str| format!("functions_users `{text}`: {why}");
        let read = || {
            let (users, group) = text.split_once(':')?;
            let (first, last) = users.split_once('-')?;
            let [first, last, group] = [first, last, group].map(|number| number.parse().ok());
            let (first, last, group) = (first?, last?, group?);
            (first <= last).then_some(Self { first, last, group })
        };
        let users = read().ok_or_else(|| {
            wrong(
                "give the first and the last user and their group as numbers, such as \
                 60000-60063:60000",
            )
        })?;
        if users.first < OWN_MIN || users.group < OWN_MIN {
            return Err(wrong(
                "users and groups below 1000 are root's and the system's; give some that are \
                 nobody else's, such as 60000-60063:60000",
            ));
        }
        let is_taken = |id: &u32| (users.first..=users.last).contains(id) || users.group == *id;
        if let Some(id) = NOBODY.iter().find(|id| is_taken(id)) {
            return Err(wrong(&format!("{id} stands for nobody; choose others")));
        }
        if users.last - users.first >= WIDTH_MAX {
            return Err(wrong(&format!(
                "these are more than {WIDTH_MAX} users; there are 32 instances at one time, and \
                 each needs one"
            )));
        }
        Ok(users)
    }
}

/// Debian and others: what is below belongs to root and the system (login.defs, UID_MIN).
const OWN_MIN: u32 = 1000;
/// The user and group that own what nobody does, and what stands for none, of 16 and of 32 bits.
const NOBODY: &[u32] = &[65534, 65535, u32::MAX];
const WIDTH_MAX: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::FunctionUsers;

    #[test]
    fn users_are_nobody_else_s() {
        let users = FunctionUsers { first: 60000, last: 60063, group: 60000 };
        assert_eq!(FunctionUsers::read("60000-60063:60000"), Ok(users));
        for text in ["1000-1000:1000", "60000-61023:1000", "4294967000-4294967294:1000"] {
            assert!(FunctionUsers::read(text).is_ok(), "{text}");
        }
        for (text, why) in [
            ("", "such as 60000-60063:60000"),
            ("60000:60000", "such as"),
            ("60000-60063", "such as"),
            ("60063-60000:60000", "such as"),
            ("60000-4294967296:60000", "such as"),
            ("0-60000:60000", "root's and the system's"),
            ("1-64:60000", "root's and the system's"),
            ("999-1063:60000", "root's and the system's"),
            ("60000-60063:0", "root's and the system's"),
            ("60000-60063:42", "root's and the system's"),
            ("65500-65534:60000", "65534 stands for nobody"),
            ("60000-60063:65534", "65534 stands for nobody"),
            ("4294967000-4294967295:1000", "4294967295 stands for nobody"),
            ("60000-61024:1000", "more than 1024 users"),
            ("100000-4294967294:1000", "more than 1024 users"),
        ] {
            let told = FunctionUsers::read(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
