//! Forms of the Query protocol: they are read as the same input as its JSON would be.

use coffer_protocol::query::Form;

use crate::Target;
use crate::json::{Everything, is_kept};

pub(crate) const TARGET: Target = Target { name: "form", bytes_max: 64 * 1024, run };

fn run(input: &[u8]) {
    let Ok(form) = Form::parse(input) else { return };
    assert!(form.action().is_none_or(|action| action.len() <= input.len()));
    assert!(form.version().is_none_or(|version| version.len() <= input.len()));
    if let Ok(read) = form.decode::<Everything>() {
        is_kept(&read);
    }
}
