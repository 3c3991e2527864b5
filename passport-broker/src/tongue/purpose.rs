//! A research purpose in words: what the work is for, its diseases by their names, whether it is commercial.

use policy_engine::consent::{ResearchPurpose, Tables};

/// The aims and scope words that a person may choose, as the page says them. Barred uses and `unstated` are no choices.
pub(crate) const CATEGORIES: [(&str, &str); 15] = [
    ("biomedical", "Health research"),
    ("disease", "Named diseases (below)"),
    ("genetic", "Genetics"),
    ("drug_development", "Making drugs"),
    ("methods", "Making a method"),
    ("model_training", "Training a model that leaves with what it learned"),
    ("ancestry", "Ancestry or origins"),
    ("fundamental_biology", "Fundamental biology"),
    ("social_science", "Social science"),
    ("clinical_care", "Care of patients"),
    ("population", "It looks at a population"),
    ("age_category", "It looks at an age group"),
    ("gender_category", "It looks at one gender"),
    ("control", "The data serve as controls"),
    ("other", "Something else; a committee has to read it"),
];

/// A purpose as a line, diseases by their ids.
pub(crate) fn purpose(purpose: &ResearchPurpose) -> String {
    written(purpose, str::to_owned)
}

/// A purpose as a line, diseases by name and id.
pub(crate) fn purpose_named(all: &ResearchPurpose, tables: &Tables) -> String {
    written(all, |id| {
        tables
            .diseases()
            .label(id)
            .map_or_else(|| id.to_owned(), |label| format!("{label} ({id})"))
    })
}

fn written(purpose: &ResearchPurpose, disease: impl Fn(&str) -> String) -> String {
    let value = serde_json::to_value(purpose).unwrap_or_default();
    let categories = value.get("categories").and_then(serde_json::Value::as_array);
    let chosen: Vec<&str> = categories
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str())
        .collect();
    let aims = CATEGORIES.iter().filter(|(word, _)| chosen.contains(word));
    let mut aims: Vec<&str> = aims.map(|(_, words)| words.trim_end_matches(" (below)")).collect();
    // what no form offers, such as a barred use, goes by its own word: nothing is left out
    aims.extend(
        chosen
            .iter()
            .filter(|word| !CATEGORIES.iter().any(|(known, _)| known == *word)),
    );
    let diseases: Vec<String> = purpose.diseases.iter().map(|id| disease(id.as_str())).collect();
    let diseases = if diseases.is_empty() {
        String::new()
    } else {
        format!(" · {}", diseases.join(", "))
    };
    let commercial = match purpose.commercial {
        Some(true) => " · commercial",
        Some(false) => " · not commercial",
        None => "",
    };
    format!("{}{diseases}{commercial}", aims.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_told_whole_with_what_no_form_offers() {
        let cases = [
            (
                r#"{"categories":["genetic","disease"],"diseases":["MONDO:0007254"],"commercial":false}"#,
                "Named diseases, Genetics · breast cancer (MONDO:0007254) · not commercial",
            ),
            (
                r#"{"categories":["advertising","methods"]}"#,
                "Making a method, advertising",
            ),
            (
                r#"{"categories":["disease"],"diseases":["MONDO:9999999"],"commercial":true}"#,
                "Named diseases · MONDO:9999999 · commercial",
            ),
        ];
        for (given, told) in cases {
            let all: ResearchPurpose = serde_json::from_str(given).unwrap();
            assert_eq!(purpose_named(&all, &Tables::shared()), told);
        }
    }
}
