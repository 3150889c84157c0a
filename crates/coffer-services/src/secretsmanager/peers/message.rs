//! What deployments say to each other of a replica: a head in JSON, and behind it the bytes of values,
//! which so are in no text that would have to be wiped.

use std::collections::BTreeMap;

use coffer_model::{Sensitive, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::seal::{Plain, VALUE_BYTES_MAX};
use super::super::secret::ValueKind;

/// What a primary's deployment has to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    /// The version of this form, [`FORMAT`].
    pub(super) format: u8,
    /// The primary's whole ARN.
    pub(super) primary: String,
    /// The replica's.
    pub(super) replica: String,
    /// The id of the replication.
    pub(super) replication: String,
    /// The number of this state; later ones have greater numbers.
    pub(super) sequence: u64,
    /// What is to become of the replica.
    pub(super) matter: Matter,
}

/// What is to become of a replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Matter {
    /// It becomes equal to this.
    Follow(Box<State>),
    /// It is no replica of this primary any more.
    End,
}

/// A primary as its replica is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// Whether the peer is not known to have the replica yet.
    pub(super) is_first: bool,
    /// Whether another secret of the replica's name gives way to a first state.
    pub(super) overwrite: bool,
    /// The key that the replication was asked for with; nothing for the region's own.
    pub(super) kms_key_id: Option<String>,
    /// What its owner says of it.
    pub(super) description: Option<String>,
    /// The kind of managed external secret.
    pub(super) kind: Option<String>,
    /// When it was last changed.
    pub(super) changed: Timestamp,
    /// Its tags.
    pub(super) tags: BTreeMap<String, String>,
    /// Its versions.
    pub(super) versions: BTreeMap<String, VersionState>,
    /// The text of its resource policy.
    pub(super) policy: Option<String>,
    /// The values behind the head, in their order.
    pub(super) values: Vec<ValueHead>,
}

/// A version of a primary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionState {
    /// When it was made.
    pub(super) created: Timestamp,
    /// Its staging labels.
    pub(super) stages: Vec<String>,
    /// Whether it has a value.
    pub(super) has_value: bool,
    /// The rotator that gave it its value.
    pub(super) rotated_by: Option<String>,
}

/// A value behind the head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueHead {
    /// Whose it is.
    pub(super) version_id: String,
    /// Whether it is text or bytes.
    pub(super) kind: ValueKind,
    /// Its length.
    pub(super) bytes: usize,
}

/// What the replica's deployment answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// The replica is as it was told to be, or was so before.
    Applied,
    /// The values of these versions are needed before it is.
    Wants(Vec<String>),
    /// The replica is newer: it has the state of this number.
    Newer(u64),
    /// It was promoted.
    Promoted,
    /// There is no replica that could follow.
    Gone,
    /// It cannot be, for this reason, until somebody asks anew.
    Refused(String),
    /// It cannot be now, for this reason.
    Later(String),
}

impl Notice {
    /// The bytes of it, with the values that its state names.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn to_bytes(&self, values: &[Plain]) -> Result<Sensitive<Vec<u8>>, String> {
        let head = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        let length = u32::try_from(head.len()).map_err(|error| error.to_string())?;
        let behind: usize = values.iter().map(|value| value.bytes().len()).sum();
        // As long as it gets: what grows leaves copies behind.
        let mut bytes = Vec::with_capacity(LENGTH_BYTES + head.len() + behind);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&head);
        for value in values {
            bytes.extend_from_slice(value.bytes());
        }
        Ok(Sensitive::new(bytes))
    }

    /// Reads it, with the values behind it.
    ///
    /// # Errors
    /// What is wrong with it; nothing of a value is told.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, BTreeMap<String, Plain>), String> {
        let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>().ok_or(NOT_WHOLE)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| NOT_WHOLE)?;
        if length > HEAD_BYTES_MAX {
            return Err("its head is too long".to_owned());
        }
        let (head, mut rest) = rest.split_at_checked(length).ok_or(NOT_WHOLE)?;
        // A parser's message may quote what it reads.
        let notice: Self = serde_json::from_slice(head)
            .map_err(|error| format!("its head cannot be read at column {}", error.column()))?;
        if notice.format != FORMAT {
            return Err(format!("it has format {}, and this server knows {FORMAT}", notice.format));
        }
        let mut values = BTreeMap::new();
        if let Matter::Follow(state) = &notice.matter {
            for value in &state.values {
                let (bytes, behind) = rest.split_at_checked(value.bytes).ok_or(NOT_WHOLE)?;
                rest = behind;
                if bytes.is_empty() || bytes.len() > VALUE_BYTES_MAX {
                    return Err("a value has no length that values have".to_owned());
                }
                let plain = Plain::of_bytes(value.kind, Sensitive::new(bytes.to_vec()));
                let plain = plain.ok_or("a text is not UTF-8")?;
                if values.insert(value.version_id.clone(), plain).is_some() {
                    return Err("a version has two values".to_owned());
                }
            }
            state.check(&values)?;
        }
        if !rest.is_empty() {
            return Err("there are bytes behind it".to_owned());
        }
        Ok((notice, values))
    }
}

impl State {
    /// Refuses what no secret can be.
    fn check(&self, values: &BTreeMap<String, Plain>) -> Result<(), String> {
        self.check_texts()?;
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let is_long = text(&self.description) > TEXT_BYTES_MAX
            || text(&self.kind) > TEXT_BYTES_MAX
            || text(&self.kms_key_id) > TEXT_BYTES_MAX
            || text(&self.policy) > POLICY_BYTES_MAX;
        let is_many = self.tags.len() > TAGS_MAX || self.versions.len() > VERSIONS_MAX;
        if is_long || is_many {
            return Err("it has more than a secret has".to_owned());
        }
        let is_version = |id: &str| (1..=VERSION_ID_BYTES_MAX).contains(&id.len());
        let stages = self.versions.values().flat_map(|version| &version.stages);
        let is_stage = |stage: &String| (1..=STAGE_BYTES_MAX).contains(&stage.len());
        let mut seen = std::collections::BTreeSet::new();
        if !self.versions.keys().all(|id| is_version(id))
            || !stages.clone().all(|stage| is_stage(stage) && seen.insert(stage))
        {
            return Err("a version or label is none, or a label is there twice".to_owned());
        }
        let has_value = |id: &String| self.versions.get(id).is_some_and(|it| it.has_value);
        if !values.keys().all(has_value) {
            return Err("a value belongs to no version".to_owned());
        }
        Ok(())
    }

    /// Refuses times and texts that nobody could have given a secret: one of them would be in the way of
    /// all that list it.
    fn check_texts(&self) -> Result<(), String> {
        let created = self.versions.values().map(|version| &version.created);
        if created.chain([&self.changed]).any(|time| *time < Timestamp::EPOCH) {
            return Err("a time is before 1970, when there were no secrets".to_owned());
        }
        let stages = self.versions.values().flat_map(|version| &version.stages);
        let mut words = self.versions.keys().chain(stages).chain(&self.kind);
        if words.any(|word| word.chars().any(char::is_control)) {
            return Err("a version, label or type has a control character".to_owned());
        }
        let is_tag = |(key, value): (&String, &String)| {
            (1..=TAG_KEY_CHARS_MAX).contains(&key.chars().count())
                && value.chars().count() <= TAG_VALUE_CHARS_MAX
                && !key.starts_with("aws:")
        };
        let description = self.description.as_deref().unwrap_or_default();
        if !self.tags.iter().all(is_tag) || description.chars().count() > DESCRIPTION_CHARS_MAX {
            return Err("a tag or the description is none that a secret has".to_owned());
        }
        Ok(())
    }
}

impl Reply {
    /// The bytes of it.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }

    /// Reads it, with texts cut to what is shown.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let reply: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("its answer cannot be read: {error}"))?;
        Ok(match reply {
            Self::Refused(text) => Self::Refused(shown(&text)),
            Self::Later(text) => Self::Later(shown(&text)),
            reply => reply,
        })
    }
}

/// As much of a peer's text as is shown, on one line.
fn shown(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(SHOWN_CHARS_MAX).collect()
}

/// The version of the form.
pub(super) const FORMAT: u8 = 1;
const LENGTH_BYTES: usize = 4;
const NOT_WHOLE: &str = "it is not whole";
/// More than a state without its values takes.
const HEAD_BYTES_MAX: usize = 512 << 10;
/// Values in one message, so many that it fits into a commit with all that is beside them.
pub(super) const VALUES_MAX: usize = 32;
/// As long as a message gets.
pub const MESSAGE_BYTES_MAX: usize = LENGTH_BYTES + HEAD_BYTES_MAX + VALUES_MAX * VALUE_BYTES_MAX;
const TEXT_BYTES_MAX: usize = 4 * 2048;
const POLICY_BYTES_MAX: usize = 4 * 20_480;
const TAGS_MAX: usize = 50;
const TAG_KEY_CHARS_MAX: usize = 128;
const TAG_VALUE_CHARS_MAX: usize = 256;
const DESCRIPTION_CHARS_MAX: usize = 2048;
const VERSIONS_MAX: usize = 100;
const VERSION_ID_BYTES_MAX: usize = 4 * 64;
const STAGE_BYTES_MAX: usize = 4 * 256;
const SHOWN_CHARS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coffer_model::{Sensitive, Timestamp};

    use super::super::super::seal::Plain;
    use super::{FORMAT, Matter, Notice, Reply, State, ValueHead, VersionState};

    fn notice() -> Notice {
        let version = VersionState {
            created: Timestamp::EPOCH,
            stages: vec!["AWSCURRENT".to_owned()],
            has_value: true,
            rotated_by: None,
        };
        let head = ValueHead {
            version_id: "v1".to_owned(),
            kind: super::ValueKind::Text,
            bytes: "hunter2".len(),
        };
        let state = State {
            is_first: true,
            overwrite: false,
            kms_key_id: None,
            description: None,
            kind: None,
            changed: Timestamp::EPOCH,
            tags: BTreeMap::new(),
            versions: BTreeMap::from([("v1".to_owned(), version)]),
            policy: None,
            values: vec![head],
        };
        Notice {
            format: FORMAT,
            primary: "arn:p".to_owned(),
            replica: "arn:r".to_owned(),
            replication: "id".to_owned(),
            sequence: 7,
            matter: Matter::Follow(Box::new(state)),
        }
    }

    fn state(notice: &mut Notice) -> &mut State {
        match &mut notice.matter {
            Matter::Follow(state) => state,
            Matter::End => unreachable!("the example follows"),
        }
    }

    fn value() -> Plain {
        Plain::Text(Sensitive::new("hunter2".to_owned()))
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let bytes = notice().to_bytes(&[value()]).unwrap();
        let (read, values) = Notice::read(bytes.expose()).unwrap();
        assert_eq!(read, notice());
        assert!(values.get("v1").unwrap().is(&value()));
        assert!(!format!("{read:?}{values:?}").contains("hunter2"));
        // It was as long from the beginning: nothing is left behind by growing.
        assert_eq!(bytes.expose().len(), bytes.expose().capacity());
    }

    #[test]
    fn no_part_of_a_message_is_a_message() {
        let bytes = notice().to_bytes(&[value()]).unwrap();
        for length in 0..bytes.expose().len() {
            assert!(Notice::read(&bytes.expose()[..length]).is_err(), "{length}");
        }
        let mut longer = bytes.expose().clone();
        longer.push(0);
        assert!(Notice::read(&longer).is_err());
    }

    #[test]
    fn what_no_secret_is_is_refused() {
        let check = |change: &dyn Fn(&mut Notice)| {
            let mut changed = notice();
            change(&mut changed);
            let bytes = changed.to_bytes(&[value()]).unwrap();
            let refused = Notice::read(bytes.expose()).unwrap_err();
            assert!(!refused.contains("hunter2"), "{refused}");
        };
        check(&|it| it.format = 2);
        check(&|it| state(it).versions.clear());
        check(&|it| state(it).versions.get_mut("v1").unwrap().has_value = false);
        check(&|it| state(it).versions.get_mut("v1").unwrap().stages.push("AWSCURRENT".to_owned()));
        check(&|it| state(it).description = Some("d".repeat(8193)));
        check(&|it| state(it).policy = Some("p".repeat(81_921)));
        check(&|it| {
            state(it).tags = (0..51).map(|tag| (tag.to_string(), String::new())).collect();
        });
        let early = Timestamp::from_millis(-1);
        check(&|it| state(it).changed = early);
        check(&|it| state(it).versions.get_mut("v1").unwrap().created = early);
        check(&|it| state(it).kind = Some("\u{1b}[31m".to_owned()));
        check(&|it| state(it).versions.get_mut("v1").unwrap().stages.push("\0".to_owned()));
        check(&|it| state(it).description = Some("d".repeat(2049)));
        for (key, value) in [("aws:x", 1), ("", 1), ("k", 257)] {
            check(&|it| state(it).tags = BTreeMap::from([(key.to_owned(), "v".repeat(value))]));
        }
        check(&|it| state(it).values[0].bytes = 0);
        check(&|it| state(it).values[0].bytes = usize::MAX);
        check(&|it| it.matter = Matter::End);
    }

    #[test]
    fn a_time_that_cannot_be_written_for_anybody_is_refused() {
        let bytes = notice().to_bytes(&[value()]).unwrap();
        let head = &bytes.expose()[4..bytes.expose().len() - "hunter2".len()];
        let head = std::str::from_utf8(head).unwrap();
        let with = |from: &str, to: &str| {
            assert!(head.contains(from), "{head}");
            let head = head.replacen(from, to, 1);
            let length = u32::try_from(head.len()).unwrap();
            Notice::read(&[&length.to_be_bytes()[..], head.as_bytes(), b"hunter2"].concat())
        };
        for member in ["changed", "created"] {
            let written = |millis: &str| format!("\"{member}\":{millis}");
            assert!(with(&written("0"), &written("1795646259000")).is_ok());
            for millis in ["4611686018427387904", "-4611686018427387904", "-1", "253402300800000"] {
                assert!(with(&written("0"), &written(millis)).is_err(), "{member} {millis}");
            }
        }
    }

    #[test]
    fn what_a_peer_says_is_cut_to_one_line() {
        let long = Reply::Refused("a\nb".repeat(10_000)).to_bytes().unwrap();
        let Reply::Refused(text) = Reply::read(&long).unwrap() else { unreachable!("refused") };
        assert_eq!(text.len(), 1024);
        assert!(!text.contains('\n'));
        assert!(Reply::read(b"{}").is_err());
    }
}
