//! Labels as files have them: a consent group, a dataset, a catalogue, a facts file, a question to Evaluate.

use policy_engine::{
    catalogue::ObjectRecord,
    consent::{Dataset, UseGroup},
    snapshot::{DatasetMode, DatasetRecord},
};
use serde_json::Value;

use crate::{error::CommandError, input::Input};

/// Bytes that a file of labels may have.
const LABELS_BYTES: u64 = 64 * 1024 * 1024;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Datasets, with their mode where the file has one.
    pub(super) datasets: Vec<(Dataset, Option<DatasetMode>)>,
    /// Objects, where the file has some.
    pub(super) objects: Vec<ObjectRecord>,
}

/// Reads labels.
///
/// # Errors
/// `consent.label_unreadable` (exit 2) with the place of what is wrong.
pub(super) fn read(from: &Input) -> Result<Labels, CommandError> {
    of(&from.read(LABELS_BYTES)?).map_err(|why| {
        CommandError::refused("consent.label_unreadable", format!("{from} holds no labels: {why}"))
            .hint("a consent group, a dataset, a list of datasets, a facts file or a question to `consent evaluate`")
    })
}

/// The labels of a node's datasets, as its list has them.
///
/// # Errors
/// `consent.label_unreadable` (exit 2): the answer is none of a node of this version.
pub(super) fn at_node(answer: &Value) -> Result<Labels, CommandError> {
    let wrong = |why: String| CommandError::refused("consent.label_unreadable", format!("the node's list: {why}"));
    let list = answer.get("datasets").and_then(Value::as_array);
    let mut labels = Labels::default();
    for row in list.ok_or_else(|| wrong("`datasets` is no list".to_owned()))? {
        let member = |name: &str| row.get(name).cloned().unwrap_or(Value::Null);
        let consent: Dataset = typed(&serde_json::json!({
            "id": member("id"), "access": member("access"), "uses": member("uses"), "bound_purpose": member("bound_purpose"),
        }))
        .map_err(wrong)?;
        labels
            .datasets
            .push((consent, Some(typed(&member("mode")).map_err(wrong)?)));
    }
    Ok(labels)
}

/// The labels in these bytes.
pub(super) fn of(bytes: &[u8]) -> Result<Labels, String> {
    let whole: Value = serde_json::from_slice(bytes).map_err(|why| why.to_string())?;
    let mut labels = Labels::default();
    let list = match &whole {
        Value::Array(list) => list.clone(),
        Value::Object(members) => match members.get("datasets") {
            Some(Value::Array(list)) => list.clone(),
            Some(_) => return Err("`datasets` is no list".to_owned()),
            None => vec![whole.clone()],
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err("it is no object".to_owned()),
    };
    for (at, value) in list.iter().enumerate() {
        let place = |why: String| format!("at datasets[{at}]: {why}");
        labels.datasets.push(dataset(value).map_err(place)?);
    }
    if let Some(Value::Array(objects)) = whole.get("objects").filter(|_| whole.get("datasets").is_some()) {
        for (at, value) in objects.iter().enumerate() {
            let object = typed(value).map_err(|why| format!("at objects[{at}]: {why}"))?;
            labels.objects.push(object);
        }
    }
    Ok(labels)
}

fn dataset(value: &Value) -> Result<(Dataset, Option<DatasetMode>), String> {
    if value.get("consent").is_some() {
        let record: DatasetRecord = typed(value)?;
        return Ok((record.consent, Some(record.mode)));
    }
    if value.get("terms").is_some() {
        let group: UseGroup = typed(value)?;
        return Ok((Dataset::new(group.group.clone(), vec![group]), None));
    }
    Ok((typed(value)?, None))
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|wrong| format!("`{}`: {}", wrong.path(), wrong.inner()))
}
