//! Any value that can be written as JSON, changed in one place: a section or member that is new is changed too.

use serde_json::{Value, json};
use visa_verifier::seam::Timestamp;

/// Numbers from one.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }
}

/// The places of a value, as JSON pointers.
pub(crate) fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_owned());
    }
    match value {
        Value::Array(items) => (0..items.len()).for_each(|n| places(&items[n], &format!("{at}/{n}"), found)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            places(value, &format!("{at}/{name}"), found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What may stand in place of a value.
fn others(value: &Value, texts: &[String], dice: &mut Dice) -> Vec<Value> {
    let text = || texts.iter().map(|text| json!(text));
    let is_time = |text: &str| text.parse::<Timestamp>().is_ok();
    let mut others: Vec<Value> = match value {
        Value::Bool(flag) => vec![json!(!flag)],
        Value::Number(_) => [0, 1, 2, 3].map(|n| json!(n)).to_vec(),
        Value::String(old) => {
            let alike = texts.iter().filter(|new| is_time(old) == is_time(new));
            alike.map(|text| json!(text)).collect()
        }
        Value::Null => text()
            .chain([json!(true), json!(0), json!(2), json!({"categories": ["ancestry"]})])
            .collect(),
        Value::Array(items) => {
            let without = |n: usize| items.iter().enumerate().filter(move |(at, _)| *at != n);
            let less = (0..items.len()).map(|n| without(n).map(|(_, item)| item.clone()).collect());
            let more = (0..items.len()).map(|n| grown(items, n, texts, dice));
            less.collect::<Vec<Value>>().into_iter().chain(more).collect()
        }
        Value::Object(members) => {
            let each = members.keys().map(|name| {
                let mut less = members.clone();
                less.remove(name);
                Value::Object(less)
            });
            each.collect()
        }
    };
    others.retain(|other| other != value);
    others
}

/// A list with one more: a copy of one of it that differs in one place.
fn grown(items: &[Value], from: usize, texts: &[String], dice: &mut Dice) -> Value {
    let mut copy = items[from].clone();
    let mut within = Vec::new();
    places(&copy, "", &mut within);
    let leaf = |at: &String| {
        copy.pointer(at)
            .is_some_and(|value| !value.is_array() && !value.is_object())
    };
    let leaves: Vec<String> = within.into_iter().filter(leaf).collect();
    let text = json!(texts[dice.below(texts.len())]);
    match leaves.get(dice.below(leaves.len())).and_then(|at| copy.pointer_mut(at)) {
        Some(value) => *value = text,
        None => copy = text,
    }
    items.iter().cloned().chain([copy]).collect()
}

/// Changes one place, so that it can still be read as what it is.
pub(crate) fn changed<T: serde::Serialize + serde::de::DeserializeOwned>(
    whole: &Value,
    place: &str,
    texts: &[String],
    dice: &mut Dice,
) -> Option<(Value, T)> {
    let mut others = others(whole.pointer(place)?, texts, dice);
    while !others.is_empty() {
        let other = others.swap_remove(dice.below(others.len()));
        let mut value = whole.clone();
        *value.pointer_mut(place)? = other;
        if let Ok(read) = serde_json::from_value::<T>(value)
            && let Ok(now) = serde_json::to_value(&read)
            && now != *whole
        {
            return Some((now, read));
        }
    }
    None
}
