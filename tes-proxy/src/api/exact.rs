//! The typed reading of a JSON value, without the liberties that derived readers take (E3): an object is an object and
//! never a list of its members in order, an enumeration is a word, and on the wire of an API a member that is there is
//! not `null`.

use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor, value,
};
use serde_json::{Map, Value};

/// A value, read exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact<'v> {
    pub(crate) value: &'v Value,
    /// May a member be `null`, as if it were absent?
    pub(crate) nulls: bool,
}

type Fault = serde_json::Error;

impl<'v> Exact<'v> {
    const fn of(self, value: &'v Value) -> Self {
        Self { value, ..self }
    }

    fn unexpected(self, expected: &dyn de::Expected) -> Fault {
        let what = match self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(truth) => Unexpected::Bool(*truth),
            Value::Number(_) => Unexpected::Other("number"),
            Value::String(_) => Unexpected::Other("string"),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        de::Error::invalid_type(what, expected)
    }
}

impl<'de> Deserializer<'de> for Exact<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) => number.deserialize_any(visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items {
                of: self,
                items: items.iter(),
            }),
            Value::Object(members) => visitor.visit_map(Members::new(self, members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null if self.nulls => visitor.visit_none(),
            Value::Null => Err(self.unexpected(&"a value, or the member left out")),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::Object(_) => self.deserialize_any(visitor),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(self.unexpected(&"an object"))
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::String(word) => {
                let word: value::StrDeserializer<'_, Fault> = word.as_str().into_deserializer();
                visitor.visit_enum(word)
            }
            // an enumeration that carries more is read by its own rules; the APIs have none
            Value::Object(_) if self.nulls => self.value.deserialize_enum(name, variants, visitor),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.unexpected(&"one of the words of this member"))
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'v> {
    of: Exact<'v>,
    items: std::slice::Iter<'v, Value>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.items
            .next()
            .map(|item| seed.deserialize(self.of.of(item)))
            .transpose()
    }
}

struct Members<'v> {
    of: Exact<'v>,
    members: serde_json::map::Iter<'v>,
    value: Option<&'v Value>,
}

impl<'v> Members<'v> {
    fn new(of: Exact<'v>, members: &'v Map<String, Value>) -> Self {
        Self {
            of,
            members: members.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.members.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let key: value::BorrowedStrDeserializer<'_, Fault> = value::BorrowedStrDeserializer::new(key);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value = self
            .value
            .take()
            .ok_or_else(|| de::Error::custom("a value without its name"))?;
        seed.deserialize(self.of.of(value))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    enum Kind {
        File,
        Directory,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        name: Option<String>,
        kind: Kind,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        size: f64,
    }

    #[test]
    fn e3_values_are_of_their_own_type_alone() {
        for (name, value, wire, own) in [
            (
                "sound",
                json!({"name": "a", "kind": "FILE", "inner": [{"size": 1}]}),
                true,
                true,
            ),
            ("left out", json!({"kind": "DIRECTORY"}), true, true),
            ("null", json!({"name": null, "kind": "FILE"}), false, true),
            ("a list as an object", json!(["a", "FILE", []]), false, false),
            (
                "a list as an inner object",
                json!({"kind": "FILE", "inner": [[1]]}),
                false,
                false,
            ),
            ("a number as a word", json!({"kind": 0}), false, false),
            ("an object as a word", json!({"kind": {"FILE": 1}}), false, false),
            ("another letter case", json!({"kind": "file"}), false, false),
            (
                "a text as a number",
                json!({"kind": "FILE", "inner": [{"size": "1"}]}),
                false,
                false,
            ),
            ("a number as a text", json!({"kind": "FILE", "name": 1}), false, false),
            (
                "an object as a list",
                json!({"kind": "FILE", "inner": {"0": {"size": 1}}}),
                false,
                false,
            ),
            ("unknown", json!({"kind": "FILE", "Name": "a"}), false, false),
        ] {
            for (nulls, taken) in [(false, wire), (true, own)] {
                let exact = Exact { value: &value, nulls };
                let read = Thing::deserialize(exact);
                assert_eq!(read.is_ok(), taken, "{name}, nulls {nulls}: {read:?}");
            }
        }
        let value = json!({"name": "a", "kind": "FILE", "inner": [{"size": 1}]});
        let read = Thing::deserialize(Exact {
            value: &value,
            nulls: false,
        })
        .unwrap();
        assert!(matches!(read.kind, Kind::File) && read.name.as_deref() == Some("a"));
        assert!((read.inner[0].size - 1.0).abs() < f64::EPSILON);
    }
}
