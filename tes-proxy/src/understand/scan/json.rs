//! JSON in a text: every string and every member's name, also of members that stand twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The strings, and whether it broke off: too deep, or no JSON further on.
#[derive(Debug, Default)]
pub(super) struct Strings {
    pub(super) strings: Vec<String>,
    /// It goes on as something that we cannot read.
    pub(super) cut: bool,
}

/// The strings of a text that begins like JSON. A text that is none has none.
pub(super) fn strings(text: &str) -> Strings {
    let mut found = Strings::default();
    let begin = text.trim_start();
    if !begin.starts_with(['{', '[', '"']) {
        return found;
    }
    let mut json = serde_json::Deserializer::from_str(begin);
    let read = Collect(&mut found.strings).deserialize(&mut json);
    // deeper than the parser goes, or JSON for a while and then not
    found.cut = match read {
        Ok(()) => false,
        Err(error) => error.is_data() || error.to_string().contains("recursion"),
    };
    // a string that needs no unescaping has been seen in the text itself
    found.strings.retain(|string| !text.contains(&format!("\"{string}\"")));
    found
}

struct Collect<'s>(&'s mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Collect<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push(text.to_owned());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Collect(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            self.0.push(key);
            members.next_value_seed(Collect(&mut *self.0))?;
        }
        Ok(())
    }
}
