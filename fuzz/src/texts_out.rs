//! Texts of answers: readers that are not ours read in JSON and in XML what was to be said.

use coffer_protocol::{Output, json, query};
use quick_xml::events::Event;

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "texts_out", bytes_max: 16 * 1024, run };

#[derive(Debug, Output)]
struct Said {
    text: Option<String>,
}

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let said = Said { text: Some(text.to_owned()) };
    let read: serde_json::Value = serde_json::from_slice(&json::encode(&said)).unwrap();
    assert_eq!(read["Text"].as_str(), Some(text));
    let xml = query::encode("Say", "https://example.com/", &said, "id");
    let xml = String::from_utf8(xml).unwrap();
    // XML has no way to write most controls; they are said to have been something.
    let is_lost = |letter: char| letter < ' ' && !matches!(letter, '\t' | '\n' | '\r');
    let wanted: String =
        text.chars().map(|letter| if is_lost(letter) { '\u{fffd}' } else { letter }).collect();
    assert_eq!(said_in(&xml).as_deref(), Some(wanted.as_str()), "{xml}");
}

/// The text of the element, as a reader of XML has it.
fn said_in(xml: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut said, mut is_in) = (String::new(), false);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if start.name().as_ref() == b"Text" => is_in = true,
            Event::End(end) if end.name().as_ref() == b"Text" => return Some(said),
            Event::Text(text) if is_in => said.push_str(&text.decode().ok()?),
            Event::GeneralRef(name) if is_in => match name.resolve_char_ref().ok()? {
                Some(letter) => said.push(letter),
                None => said
                    .push_str(quick_xml::escape::resolve_predefined_entity(&name.decode().ok()?)?),
            },
            Event::Empty(empty) if empty.name().as_ref() == b"Text" => return Some(said),
            Event::Eof => return None,
            _ => {}
        }
    }
}
