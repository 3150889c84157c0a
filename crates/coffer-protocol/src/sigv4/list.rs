//! The list of signed headers.

/// The names of a list: `host;x-amz-date`.
pub(super) fn names(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memchr(b';', text.as_bytes());
        let (name, after) = match end.and_then(|end| text.split_at_checked(end)) {
            Some((name, after)) => (name, after.strip_prefix(';')),
            None => (text, None),
        };
        rest = after;
        Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_list_is_split_as_str_splits_it() {
        for list in ["", ";", "host", "a;b;c", ";a;", "ä;ö;"] {
            assert!(names(list).eq(list.split(';')), "{list}");
        }
    }
}
