//! Statements about users, in the words of each kind of server.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use coffer_model::Sensitive;
use mysql_async::Value;
use zeroize::Zeroizing;

use super::account::Account;

/// How a server wants to be told a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// MySQL from 8.0.
    Mysql8,
    /// MySQL 5.7.
    Mysql57,
    /// MySQL before that.
    Older,
    /// MariaDB.
    Mariadb,
}

impl Dialect {
    /// Reads what `VERSION()` says.
    pub(super) fn of(version: &str) -> Self {
        if version.contains("MariaDB") {
            return Self::Mariadb;
        }
        let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
        match (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) {
            (8.., _) => Self::Mysql8,
            (5, 7) => Self::Mysql57,
            _ => Self::Older,
        }
    }

    /// Gives a password to an account, or to the user who is logged in.
    pub(super) fn set_password(
        self,
        account: Option<&Account>,
        password: &str,
        spoken: Spoken,
    ) -> Sensitive<String> {
        let account = account.map(ToString::to_string);
        Sensitive::new(match (self, spoken) {
            (Self::Mysql8 | Self::Mysql57, _) => {
                let account = account.as_deref().unwrap_or("USER()");
                format!("ALTER USER {account} IDENTIFIED BY {}", *secret_text(password))
            }
            (Self::Older | Self::Mariadb, spoken) => {
                let of = account.map(|account| format!(" FOR {account}")).unwrap_or_default();
                match spoken {
                    Spoken::Plainly => {
                        format!("SET PASSWORD{of} = PASSWORD({})", *secret_text(password))
                    }
                    Spoken::AsKept => format!("SET PASSWORD{of} = {}", native(password)),
                }
            }
        })
    }

    /// Demands TLS of an account.
    pub(super) fn require(self, account: &Account, demands: &str) -> String {
        match self {
            Self::Older => format!("GRANT USAGE ON *.* TO {account} REQUIRE {demands}"),
            _ => format!("ALTER USER {account} REQUIRE {demands}"),
        }
    }
}

/// How a password stands in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// As it is. MySQL blanks it in what it writes about statements; MariaDB does not.
    Plainly,
    /// As MariaDB keeps it for users of its native way to log in, the usual one.
    AsKept,
}

/// Makes a user.
pub(super) fn create(account: &Account, password: &str, spoken: Spoken) -> Sensitive<String> {
    Sensitive::new(match spoken {
        Spoken::Plainly => {
            format!("CREATE USER {account} IDENTIFIED BY {}", *secret_text(password))
        }
        Spoken::AsKept => {
            format!("CREATE USER {account} IDENTIFIED BY PASSWORD {}", native(password))
        }
    })
}

/// Whether what `SHOW CREATE USER` shows of an account is a user of the native way to log in.
pub(super) fn is_native(shown: &str, account: &Account) -> bool {
    let names = account.shown();
    let mut options = names.iter().filter_map(|name| {
        shown.strip_prefix("CREATE USER ").and_then(|rest| rest.strip_prefix(name.as_str()))
    });
    let native = [" IDENTIFIED BY PASSWORD ", " IDENTIFIED VIA mysql_native_password"];
    options.any(|options| {
        options.is_empty() || native.iter().any(|native| options.starts_with(native))
    })
}

/// What MariaDB keeps of a password: the digest of its digest.
fn native(password: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let digest = self::digest(&SHA1_FOR_LEGACY_USE_ONLY, digest.as_ref());
    let digits: String = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    format!("'*{digits}'")
}

/// A password that nobody logs in with, as hard to guess as the other one.
pub(super) fn before(password: &str) -> Sensitive<String> {
    Sensitive::new(format!("{password}.before"))
}

/// A text in a statement, as the library quotes it where backslashes escape: sessions see to that.
pub(super) fn text(text: &str) -> String {
    Value::from(text).as_sql(false)
}

fn secret_text(secret: &str) -> Zeroizing<String> {
    Zeroizing::new(text(secret))
}

/// The statement that gives another account a right which `SHOW GRANTS` shows of one. Nothing, where
/// the line is in no form that is known.
pub(super) fn copied(line: &str, from: &Account, to: &Account) -> Option<String> {
    // What the line says before the account is the right, whatever names it holds; so the account is
    // looked for from the end.
    let before = |word: &str| {
        let shown = from.shown();
        let found = shown.iter().find_map(|account| {
            let mark = format!("{word}{account}");
            line.rfind(&mark).map(|at| (at, at + mark.len()))
        })?;
        Some((line.get(..found.0)?, line.get(found.1..)?))
    };
    let word = match line.split(' ').next()? {
        "GRANT" => " TO ",
        "REVOKE" => " FROM ",
        "SET" => " FOR ",
        _ => return None,
    };
    let (right, options) = before(word)?;
    Some(format!("{right}{word}{to}{}", passed_on(options)))
}

/// What follows the account: the right to give the right to others is kept. Password, TLS and limits
/// are not part of a right.
fn passed_on(options: &str) -> &'static str {
    // Every other piece is within apostrophes, as what is kept of a password or a certificate's name.
    let bare: String = options.split('\'').step_by(2).collect();
    let kept = [" WITH GRANT OPTION", " WITH ADMIN OPTION"];
    kept.into_iter().find(|option| bare.contains(option)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Account, Dialect, Spoken, copied, is_native, native, text};

    #[test]
    fn texts_are_quoted_whatever_they_hold() {
        assert_eq!(text("a'b\\c\"d%@:e"), r#"'a\'b\\c\"d%@:e'"#);
        assert_eq!(text("día ☃"), "'día ☃'");
    }

    #[test]
    fn versions_tell_the_words_for_passwords() {
        for (version, dialect) in [
            ("8.0.36", Dialect::Mysql8),
            ("9.1.0-commercial", Dialect::Mysql8),
            ("5.7.44-log", Dialect::Mysql57),
            ("5.6.51", Dialect::Older),
            ("10.11.14-MariaDB-0+deb12u2", Dialect::Mariadb),
            ("5.5.5-10.4.1-MariaDB", Dialect::Mariadb),
        ] {
            assert_eq!(Dialect::of(version), dialect, "{version}");
        }
    }

    #[test]
    fn passwords_are_told_in_the_words_of_each_server() {
        let account = Account::of("a@%").unwrap();
        for (dialect, own, of) in [
            (
                Dialect::Mysql8,
                "ALTER USER USER() IDENTIFIED BY 'p\\'w'",
                "ALTER USER 'a'@'%' IDENTIFIED BY 'p\\'w'",
            ),
            (
                Dialect::Older,
                "SET PASSWORD = PASSWORD('p\\'w')",
                "SET PASSWORD FOR 'a'@'%' = PASSWORD('p\\'w')",
            ),
        ] {
            let told = dialect.set_password(None, "p'w", Spoken::Plainly);
            assert_eq!(told.expose(), own);
            let told = dialect.set_password(Some(&account), "p'w", Spoken::Plainly);
            assert_eq!(told.expose(), of);
        }
        // From MariaDB's documentation of PASSWORD().
        assert_eq!(native("notagoodpwd"), "'*3A70EE9FC6594F88CE9E959CD51C5A1C002DC937'");
    }

    #[test]
    fn the_native_way_to_log_in_is_known_from_others() {
        let account = Account::of("a` IDENTIFIED BY PASSWORD @%").unwrap();
        let shown = "CREATE USER `a`` IDENTIFIED BY PASSWORD `@`%`";
        for (options, expected) in [
            ("", true),
            (" IDENTIFIED BY PASSWORD '*00' REQUIRE SSL", true),
            (" IDENTIFIED VIA mysql_native_password USING '*00' OR unix_socket", true),
            (" IDENTIFIED VIA ed25519 USING ' IDENTIFIED BY PASSWORD '", false),
            (" REQUIRE SSL", false),
        ] {
            assert_eq!(is_native(&format!("{shown}{options}"), &account), expected, "{options}");
        }
        assert!(!is_native("CREATE USER `b`@`%`", &account));
    }

    #[test]
    fn rights_are_copied_with_the_option_to_give_them_and_without_password() {
        let from = Account::of("a pp@10.%").unwrap();
        let to = from.named("b");
        for (shown, given) in [
            (
                "GRANT USAGE ON *.* TO `a pp`@`10.%` IDENTIFIED BY PASSWORD '*6BB4' REQUIRE SSL",
                Some("GRANT USAGE ON *.* TO 'b'@'10.%'"),
            ),
            (
                "GRANT SELECT ON `x TO ``a pp``@``10.%`.* TO `a pp`@`10.%` WITH GRANT OPTION",
                Some("GRANT SELECT ON `x TO ``a pp``@``10.%`.* TO 'b'@'10.%' WITH GRANT OPTION"),
            ),
            (
                "GRANT USAGE ON *.* TO 'a pp'@'10.%' IDENTIFIED BY PASSWORD ' WITH GRANT OPTION'",
                Some("GRANT USAGE ON *.* TO 'b'@'10.%'"),
            ),
            (
                "GRANT `reader`@`%` TO `a pp`@`10.%` WITH ADMIN OPTION",
                Some("GRANT `reader`@`%` TO 'b'@'10.%' WITH ADMIN OPTION"),
            ),
            (
                "REVOKE INSERT ON `x`.* FROM `a pp`@`10.%`",
                Some("REVOKE INSERT ON `x`.* FROM 'b'@'10.%'"),
            ),
            (
                "SET DEFAULT ROLE `reader` FOR `a pp`@`10.%`",
                Some("SET DEFAULT ROLE `reader` FOR 'b'@'10.%'"),
            ),
            ("GRANT SELECT ON *.* TO `other`@`%`", None),
            ("DROP TABLE x", None),
        ] {
            assert_eq!(copied(shown, &from, &to).as_deref(), given, "{shown}");
        }
    }
}
