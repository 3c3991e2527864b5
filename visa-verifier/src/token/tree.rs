//! An object read in one strict pass: built while it is checked, so that nothing is walked twice.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::json::{JsonError, Name, Strict, twice};

/// Reads an object in one pass: what [`parse`](super::json::parse) refuses is refused here.
pub fn object(bytes: &[u8], max: usize, depth: usize) -> Result<Map<String, Value>, JsonError> {
    if bytes.len() > max {
        return Err(JsonError::new(format_args!("longer than {max} bytes")));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let tree = Tree {
        within: Strict { depth },
        // what claims and a Visa Object need, at once; small objects by the thousand shall stay small
        room: 8,
    };
    let value = tree.deserialize(&mut reader).map_err(JsonError::new)?;
    reader.end().map_err(JsonError::new)?;
    match value {
        Value::Object(members) => Ok(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(JsonError::new("not an object"))
        }
    }
}

/// Builds a value as it walks it.
#[derive(Clone, Copy)]
struct Tree {
    within: Strict,
    room: usize,
}

impl Tree {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        Ok(Self {
            within: self.within.deeper()?,
            room: if self.room == 8 { 6 } else { 0 },
        })
    }
}

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("number out of range"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(Name(name)) = members.next_key()? {
            let value = members.next_value_seed(inner)?;
            if map.is_empty() && self.room > 0 {
                map = Map::with_capacity(self.room);
            }
            if map.contains_key(&*name) {
                return Err(twice(&name));
            }
            map.insert(name.into_owned(), value);
        }
        Ok(Value::Object(map))
    }
}
