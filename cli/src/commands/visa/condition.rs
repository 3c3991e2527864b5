//! `--if`: the conditions of a visa or grant, as people write them.

use serde_json::{Map, Value, json};

use crate::error::CommandError;

/// On which conditions it counts.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Conditions {
    /// It counts only beside a visa like this of the same person: `TYPE,MEMBER=MATCH[,MEMBER=MATCH…]`, all of several
    ///
    /// MEMBER is `value`, `source` or `by`; MATCH `const:TEXT`, `pattern:TEXT` or `split_pattern:TEXT`, as `conditions` of
    /// GA4GH Passports have them. For example `AffiliationAndRole,value=pattern:*@uni.example.org`.
    #[arg(long = "if", value_name = "CLAUSE")]
    clauses: Vec<String>,
}

impl Conditions {
    /// The member `conditions`: one group, whose clauses must all hold; `None` without a clause.
    ///
    /// # Errors
    /// `visa.condition` (exit 2) naming the clause.
    pub(crate) fn value(&self) -> Result<Option<Value>, CommandError> {
        if self.clauses.is_empty() {
            return Ok(None);
        }
        let group: Result<Vec<Value>, CommandError> = self.clauses.iter().map(|text| clause(text)).collect();
        Ok(Some(json!([group?])))
    }
}

fn clause(text: &str) -> Result<Value, CommandError> {
    let wrong = |why: &str| {
        CommandError::refused("visa.condition", format!("`--if {text}` {why}"))
            .hint("write TYPE,MEMBER=MATCH, as AffiliationAndRole,value=pattern:*@uni.example.org")
    };
    let mut members = Map::new();
    let mut last: Option<String> = None;
    let (kind, rest) = text.split_once(',').ok_or_else(|| wrong("names no member"))?;
    members.insert("type".to_owned(), json!(kind));
    for part in rest.split(',') {
        let named = part
            .split_once('=')
            .filter(|(name, _)| matches!(*name, "value" | "source" | "by"));
        match (named, &last) {
            (Some((name, _)), _) if members.contains_key(name) => return Err(wrong("names a member twice")),
            (Some((name, wanted)), _) => {
                members.insert(name.to_owned(), json!(wanted));
                last = Some(name.to_owned());
            }
            // a comma inside of a text
            (None, Some(name)) => {
                let before = members.get(name).and_then(Value::as_str).unwrap_or_default();
                let whole = format!("{before},{part}");
                members.insert(name.clone(), json!(whole));
            }
            (None, None) => return Err(wrong("names no member `value`, `source` or `by`")),
        }
    }
    let matched = |text: &str| {
        ["const:", "pattern:", "split_pattern:"]
            .iter()
            .any(|how| text.starts_with(how))
    };
    let sound = members
        .iter()
        .filter(|(name, _)| *name != "type")
        .all(|(_, text)| text.as_str().is_some_and(matched));
    if sound {
        Ok(Value::Object(members))
    } else {
        Err(wrong("has a MATCH that is not const:…, pattern:… or split_pattern:…"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_read_and_faults_are_named() {
        let read = |clauses: &[&str]| {
            let clauses = clauses.iter().map(|clause| (*clause).to_owned()).collect();
            Conditions { clauses }.value().map_err(|error| error.to_string())
        };
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(
            read(&[
                "AffiliationAndRole,value=pattern:*@uni.example.org,by=const:so",
                "ResearcherStatus,value=const:a,b"
            ])
            .unwrap(),
            Some(json!([[
                { "type": "AffiliationAndRole", "value": "pattern:*@uni.example.org", "by": "const:so" },
                { "type": "ResearcherStatus", "value": "const:a,b" }
            ]]))
        );
        for (text, why) in [
            ("AffiliationAndRole", "no member"),
            ("AffiliationAndRole,values=const:a", "no member `value`"),
            ("AffiliationAndRole,value=a", "MATCH"),
            ("AffiliationAndRole,by=const:so,by=const:peer", "twice"),
        ] {
            let error = read(&[text]).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
