//! `[proxy.tes]` once, or `[[proxy.tes]]` several times: one table or a list of them. An error names its line in both.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// The tables, in their order; none if there was none.
#[derive(Clone, Debug)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tables(PhantomData))
    }
}

struct Tables<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Tables<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a table, or several of the same name in double brackets")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut many = Vec::new();
        while let Some(one) = list.next_element()? {
            many.push(one);
        }
        Ok(OneOrMany(many))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        #[serde(default)]
        tes: OneOrMany<Table>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        base: String,
    }

    #[test]
    fn one_table_or_several_are_taken_in_their_order() {
        for (text, bases) in [
            ("", &[][..]),
            ("[tes]\nbase = \"a\"\n", &["a"]),
            ("[[tes]]\nbase = \"a\"\n", &["a"]),
            ("[[tes]]\nbase = \"b\"\n[[tes]]\nbase = \"a\"\n", &["b", "a"]),
        ] {
            let whole: Whole = toml::from_str(text).unwrap();
            let found: Vec<&str> = whole.tes.0.iter().map(|table| table.base.as_str()).collect();
            assert_eq!(found, bases, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, word) in [
            ("[tes]\nbase = \"a\"\nbasis = 1\n", 3, "unknown field `basis`"),
            ("[tes]\nbase = 1\n", 2, "expected a string"),
            (
                "[[tes]]\nbase = \"a\"\n\n[[tes]]\nbase = \"b\"\nname2 = \"x\"\n",
                6,
                "unknown field `name2`",
            ),
            (
                "[[tes]]\nbase = \"a\"\n\n[[tes]]\nbase = true\n",
                5,
                "expected a string",
            ),
            ("x = 1\ntes = 3\n", 2, "a table, or several"),
        ] {
            let text = text.replace("x = 1\n", "\n");
            let wrong = toml::from_str::<Whole>(&text).unwrap_err();
            let at = wrong.span().map(|span| text[..span.start].matches('\n').count() + 1);
            assert_eq!(at, Some(line), "{text}: {wrong}");
            assert!(wrong.message().contains(word), "{text}: {wrong}");
        }
    }
}
