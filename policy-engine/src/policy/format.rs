//! The one layout of policy files: Cedar's own formatter, at the width of our sources.

use cedar_policy_formatter::{Config, policies_str_to_pretty};

use super::finding::Finding;

/// Columns of a line; the formatter breaks what is longer, where it can.
const WIDTH: usize = 120;

/// The text in the one layout. Meaning, annotations and comments stay; the formatter checks that itself.
///
/// # Errors
/// A [`Finding`] if the text does not parse.
pub fn format(file: &str, text: &str) -> Result<String, Box<Finding>> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let config = Config {
        line_width: WIDTH,
        indent_width: 2,
    };
    policies_str_to_pretty(text, &config)
        .map_err(|error| Box::new(Finding::cedar(file, text, "bundle.parse", error.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::format;
    use crate::policy::{BASELINE, STANDARD, TEMPLATES};

    #[test]
    fn the_layout_is_stable_and_keeps_comments() {
        for (name, text) in [("baseline", BASELINE), ("standard", STANDARD), ("templates", TEMPLATES)] {
            let once = format(name, text).unwrap();
            assert_eq!(format(name, &once).unwrap(), once, "{name}");
            assert_eq!(once.matches("//").count(), text.matches("//").count(), "{name}");
        }
        assert!(format("x", "permit (").is_err());
        assert_eq!(format("x", " \n").unwrap(), "");
    }
}
