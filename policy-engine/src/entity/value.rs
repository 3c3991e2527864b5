//! Cedar's values made directly: through expressions they would be evaluated first, which costs more than a question.

use std::sync::LazyLock;

use cedar_policy::EntityUid;
use cedar_policy_core::{
    ast::{EntityUID, ExtensionFunction, Name, PartialValue, Value},
    extensions::Extensions,
};
use visa_verifier::seam::Timestamp;

use super::register::chain;
use crate::error::EngineError;

type Constructor = LazyLock<Option<&'static ExtensionFunction>>;

static DATETIME: Constructor = LazyLock::new(|| find("datetime"));
static DURATION: Constructor = LazyLock::new(|| find("duration"));
static IP: Constructor = LazyLock::new(|| find("ip"));

fn find(name: &str) -> Option<&'static ExtensionFunction> {
    let name = Name::parse_unqualified_name(name).ok()?;
    Extensions::all_available().func(&name).ok()
}

fn made(by: &Constructor, text: String) -> Result<Value, EngineError> {
    let fault = |message: String| EngineError::Question { message };
    let function = by.ok_or_else(|| fault("Cedar lacks a type that it is built with".to_owned()))?;
    match function.call(&[Value::from(text)]) {
        Ok(PartialValue::Value(value)) => Ok(value),
        Ok(PartialValue::Residual(_)) => Err(fault("a value is not known".to_owned())),
        Err(error) => Err(fault(chain(&error))),
    }
}

/// A moment.
pub(crate) fn time(at: Timestamp) -> Result<Value, EngineError> {
    made(&DATETIME, at.to_string())
}

/// A time span in whole seconds.
pub(crate) fn seconds(span: i64) -> Result<Value, EngineError> {
    made(&DURATION, format!("{span}s"))
}

/// An address.
pub(crate) fn address(of: std::net::IpAddr) -> Result<Value, EngineError> {
    made(&IP, of.to_string())
}

/// A text.
pub(crate) fn text(value: &str) -> Value {
    Value::from(value)
}

/// A set of texts.
pub(crate) fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Value {
    Value::set(values.into_iter().map(Value::from), None)
}

/// A yes or no.
pub(crate) fn flag(value: bool) -> Value {
    Value::from(value)
}

/// A number.
pub(crate) fn long(value: i64) -> Value {
    Value::from(value)
}

/// An entity's name.
pub(crate) fn entity(id: EntityUid) -> Value {
    Value::from(EntityUID::from(id))
}

/// A set of entities' names.
pub(crate) fn entities(ids: impl IntoIterator<Item = EntityUid>) -> Value {
    Value::set(ids.into_iter().map(entity), None)
}

/// A record; each name once.
pub(crate) fn record<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::record(members, None)
}
