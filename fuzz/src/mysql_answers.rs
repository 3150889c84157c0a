//! What a server of MySQL or MariaDB says of users and rights: statements that are made of it say the
//! names as they are, and nothing beside them.

use coffer_rotators::mysql_fuzzed::{account, copied, is_native, password_set, shown, told};

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "mysql_answers", bytes_max: 16 * 1024, run };

/// A line with what the server says of the current user, one with the second user's name, and lines
/// that are a right, how a user is made, the server's version, an error.
fn run(input: &[u8]) {
    let Some(mut lines) = input::lines(input) else { return };
    let (Some(current), Some(name)) = (lines.next(), lines.next()) else { return };
    let Some((again, named)) = account(current) else { return };
    assert_eq!(again, current);
    let (user, host) = current.rsplit_once('@').unwrap();
    assert_eq!(texts(&named).as_deref(), Some(&[user.to_owned(), host.to_owned()][..]));
    for line in lines.take(LINES_MAX) {
        is_copied(line, current, name);
        is_native_only_as_shown(line, current);
        let statement = password_set(line, current, name).unwrap();
        let said = texts(&statement).unwrap();
        assert!(said.contains(&name.to_owned()) && said.len() <= 3, "{statement}");
        let mixed = |sum: u16, byte| sum.wrapping_mul(31).wrapping_add(u16::from(byte));
        let told = told(line.bytes().fold(0, mixed) % CODES, line);
        assert!(told.len() <= 1024 && !told.contains(char::is_control), "{told}");
    }
}

/// A right is given in the words that it is shown in, to the second user and nobody else.
fn is_copied(line: &str, current: &str, name: &str) {
    let Some(statement) = copied(line, current, name) else { return };
    let (_, host) = current.rsplit_once('@').unwrap();
    let (_, second) = account(&format!("{name}@{host}")).unwrap();
    let ends = ["", " WITH GRANT OPTION", " WITH ADMIN OPTION"].map(|end| format!("{second}{end}"));
    let right = ends.iter().find_map(|end| statement.strip_suffix(end.as_str()));
    assert!(right.is_some_and(|right| line.starts_with(right)), "{statement}");
}

fn is_native_only_as_shown(line: &str, current: &str) {
    let shown = shown(current).unwrap();
    let is_of = |name: &String| {
        line.strip_prefix("CREATE USER ").is_some_and(|rest| rest.starts_with(name.as_str()))
    };
    assert!(!is_native(line, current) || shown.iter().any(is_of));
    for name in shown {
        assert!(is_native(&format!("CREATE USER {name}"), current));
    }
}

/// The texts in a statement, as the server reads them where backslashes escape; nothing where one does
/// not end.
fn texts(statement: &str) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    let mut letters = statement.chars();
    while letters.any(|letter| letter == '\'') {
        let mut text = String::new();
        loop {
            match letters.next()? {
                '\'' => break,
                '\\' => text.push(match letters.next()? {
                    '0' => '\0',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\u{8}',
                    'Z' => '\u{1a}',
                    letter => letter,
                }),
                letter => text.push(letter),
            }
        }
        texts.push(text);
    }
    Some(texts)
}

const LINES_MAX: usize = 32;
const CODES: u16 = 2000;
