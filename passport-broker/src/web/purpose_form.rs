//! The form of a purpose: the words of consent 2.3 as choices, read strictly.

use policy_engine::consent::ResearchPurpose;
use serde_json::json;

use crate::page::Fields;
use crate::tongue::CATEGORIES;

/// Most diseases that one purpose names.
const DISEASES: usize = 50;

/// The form, filled with what is known.
#[derive(Debug)]
pub(crate) struct PurposeForm {
    /// In front of the ids of its fields.
    pub(crate) id: String,
    /// The choices.
    pub(crate) categories: Vec<Category>,
    /// MONDO ids.
    pub(crate) diseases: String,
    /// `yes`, `no` or nothing.
    pub(crate) commercial: &'static str,
}

/// A choice of the form.
#[derive(Debug)]
pub(crate) struct Category {
    /// The word of consent 2.3.
    pub(crate) word: &'static str,
    /// The page's words.
    pub(crate) words: &'static str,
    /// Whether it is chosen already.
    pub(crate) chosen: bool,
}

impl PurposeForm {
    /// The form with `purpose` in it.
    pub(crate) fn new(id: impl Into<String>, purpose: Option<&ResearchPurpose>) -> Self {
        let known = purpose
            .and_then(|purpose| serde_json::to_value(purpose).ok())
            .unwrap_or_default();
        let texts = |member: &str| -> Vec<String> {
            let all = known
                .get(member)
                .and_then(serde_json::Value::as_array)
                .into_iter()
                .flatten();
            all.filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let chosen = texts("categories");
        let categories = CATEGORIES.iter().map(|&(word, words)| Category {
            word,
            words,
            chosen: chosen.iter().any(|chosen| chosen == word),
        });
        let commercial = match known.get("commercial").and_then(serde_json::Value::as_bool) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        Self {
            id: id.into(),
            categories: categories.collect(),
            diseases: texts("diseases").join(" "),
            commercial,
        }
    }
}

/// Reads the form's purpose; the error is a sentence for the person.
pub(crate) fn read(fields: &Fields) -> Result<ResearchPurpose, String> {
    if fields.one("none_barred").ok().flatten() != Some("yes") {
        return Err("Confirm that the data are put to none of the uses that nobody may make of them.".into());
    }
    let categories: Vec<&str> = fields.many("category").collect();
    if let Some(odd) = categories
        .iter()
        .find(|word| !CATEGORIES.iter().any(|(known, _)| known == *word))
    {
        return Err(format!("`{odd}` is no choice of this form."));
    }
    if categories.is_empty() {
        return Err("Choose what the work is for.".into());
    }
    let commercial = match fields.one("commercial").ok().flatten() {
        Some("yes") => true,
        Some("no") => false,
        _ => return Err("Say whether the work is commercial.".into()),
    };
    let text = fields.one("diseases").ok().flatten().unwrap_or_default();
    let diseases: Vec<&str> = text.split([' ', ',', ';', '\n']).filter(|id| !id.is_empty()).collect();
    let is_mondo = |id: &&str| {
        id.strip_prefix("MONDO:")
            .is_some_and(|digits| digits.len() == 7 && digits.bytes().all(|digit| digit.is_ascii_digit()))
    };
    if let Some(odd) = diseases.iter().find(|id| !is_mondo(id)) {
        return Err(format!("`{odd}` is no MONDO id; they look like MONDO:0007254."));
    }
    if diseases.len() > DISEASES {
        return Err(format!("At most {DISEASES} diseases."));
    }
    if categories.contains(&"disease") && diseases.is_empty() {
        return Err("Name the diseases.".into());
    }
    let mut purpose = json!({ "categories": categories, "commercial": commercial });
    if let (false, Some(members)) = (diseases.is_empty(), purpose.as_object_mut()) {
        members.insert("diseases".into(), json!(diseases));
    }
    serde_json::from_value(purpose).map_err(|error| format!("The purpose does not hold together: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_read_whole_or_not_at_all() {
        let good = "none_barred=yes&category=disease&category=genetic&commercial=no&diseases=MONDO%3A0007254";
        let cases = [
            ("good", good.to_owned(), None),
            (
                "without the promise",
                good.replace("none_barred=yes&", ""),
                Some("Confirm"),
            ),
            ("without an aim", good.replace("category=", "x="), Some("Choose")),
            (
                "without an answer on commerce",
                good.replace("commercial=no", ""),
                Some("Say whether"),
            ),
            (
                "a barred use as an aim",
                good.replace("category=genetic", "category=advertising"),
                Some("`advertising`"),
            ),
            (
                "unstated as an aim",
                good.replace("category=genetic", "category=unstated"),
                Some("`unstated`"),
            ),
            (
                "a disease in words",
                good.replace("MONDO%3A0007254", "cancer"),
                Some("`cancer`"),
            ),
            (
                "disease without diseases",
                good.replace("MONDO%3A0007254", ""),
                Some("Name"),
            ),
        ];
        for (name, form, refused) in cases {
            let fields = Fields::parse(form.as_bytes()).unwrap();
            match (read(&fields), refused) {
                (Ok(purpose), None) => assert_eq!(
                    crate::tongue::purpose(&purpose),
                    "Named diseases, Genetics · MONDO:0007254 · not commercial"
                ),
                (Err(why), Some(start)) => assert!(why.starts_with(start), "{name}: {why}"),
                (got, _) => panic!("{name}: {got:?}"),
            }
        }
    }
}
