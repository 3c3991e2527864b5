//! Helpers for reading JSON that has to be exactly what the schema says (section 3).
//!
//! serde's derived readers take a list where an object is asked, in the order of the fields; [`objects`] and
//! [`object`] do not. Lists that are sets refuse a second entry instead of swallowing it.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

/// A value that was written as a JSON object.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        from.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

/// One object, never a list.
pub(crate) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Object::deserialize(from).map(|object| object.0)
}

/// One object, or null.
pub(crate) fn object_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(from)?.map(|object| object.0))
}

/// A list of objects, never of lists.
pub(crate) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Vec::<Object<T>>::deserialize(from)?
        .into_iter()
        .map(|object| object.0)
        .collect())
}

/// A list of objects of which no two have the same key.
pub(crate) fn objects_by<'de, T, K, D>(from: D, key: impl Fn(&T) -> K, what: &str) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    K: Eq + Hash,
    D: Deserializer<'de>,
{
    let list: Vec<T> = objects(from)?;
    let mut seen = HashSet::with_capacity(list.len());
    if list.iter().all(|entry| seen.insert(key(entry))) {
        Ok(list)
    } else {
        Err(Error::custom(format!("two {what}")))
    }
}

/// A list in which nothing stands twice.
pub(crate) fn unique<'de, T: Deserialize<'de> + Ord, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<T>, D::Error> {
    let list = Vec::<T>::deserialize(from)?;
    let length = list.len();
    let set: BTreeSet<T> = list.into_iter().collect();
    if set.len() == length {
        Ok(set)
    } else {
        Err(Error::custom("an entry stands twice"))
    }
}

/// A list with at least one entry in which nothing stands twice, or null.
pub(crate) fn some_unique<'de, T, D>(from: D) -> Result<Option<BTreeSet<T>>, D::Error>
where
    T: Deserialize<'de> + Ord,
    D: Deserializer<'de>,
{
    struct NonEmpty<T>(BTreeSet<T>);
    impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for NonEmpty<T> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let set = unique(from)?;
            if set.is_empty() {
                Err(Error::custom("the list is empty"))
            } else {
                Ok(Self(set))
            }
        }
    }
    Ok(Option::<NonEmpty<T>>::deserialize(from)?.map(|set| set.0))
}
