//! What is fuzzed of `policy-engine`: see `targets.rs`. Included by its test `engine_fuzz` and by the programs in
//! `fuzz/targets/`.

use policy_engine::catalogue::{ObjectRecord, Segment, segment};
use policy_engine::consent::Name;

/// A target: its name, and what runs it.
pub(crate) type Target = (&'static str, fn(&[u8]) -> String);

/// All targets.
pub(crate) const TARGETS: &[Target] = &[("objects", objects)];

/// Runs a target on some bytes; `None` if there is no such target.
pub(crate) fn run(target: &str, data: &[u8]) -> Option<String> {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target)?;
    Some(run(data))
}

/// A list of objects, of bytes or of text. What is taken is what would be written of its objects.
fn objects(data: &[u8]) -> String {
    let dataset = Name::try_from("d").expect("a name");
    let read = |segment: &Segment| segment.objects(&dataset).collect::<Vec<ObjectRecord>>();
    let words = if Segment::is_one(data) {
        match Segment::open(data.to_vec()) {
            Err(fault) => fault.to_string(),
            Ok(segment) => {
                let objects = read(&segment);
                assert_eq!(objects.len(), segment.len() as usize, "each entry is an object");
                let known = format!(
                    "{} {} {}",
                    objects.iter().any(|one| one.groups.is_some()),
                    objects.iter().any(|one| one.participants.is_some()),
                    objects.iter().any(|one| !one.urls.is_empty()),
                );
                let again = segment::write(objects, usize::MAX);
                if let Some(part) = again.first() {
                    assert_eq!(part.bytes, data, "there is one form only");
                }
                known
            }
        }
    } else {
        match std::str::from_utf8(data).map(Segment::of_text) {
            Err(_) => "no text".to_owned(),
            Ok(Err(why)) => why.to_string(),
            Ok(Ok(segment)) => {
                let objects = read(&segment);
                assert_eq!(objects.len(), segment.len() as usize, "each line is an object");
                for part in segment::write(objects, usize::MAX) {
                    Segment::open(part.bytes).expect("what was written is taken");
                }
                "a list".to_owned()
            }
        }
    };
    words.chars().filter(|c| !c.is_ascii_digit()).take(80).collect()
}
