//! The forms of a page, read well enough to send them back: for logins without a window.
//!
//! Only pages of the demo's own parties and of login providers under test are read so; nothing is decided by them.

/// A form of a page: where it goes, and what it would send if nobody touched it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Form {
    /// The `action`, as it stands there; empty means the page's own address.
    pub(crate) action: String,
    /// Names and values of its inputs and buttons, in the page's order.
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// What to send: hidden and named inputs, with `chosen` in place of or beside them; buttons only if chosen.
    pub(crate) fn filled(&self, chosen: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut sent: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.fields {
            if chosen.iter().any(|(other, _)| other == name) || sent.iter().any(|(other, _)| other == name) {
                continue;
            }
            sent.push((name.clone(), value.clone()));
        }
        sent.extend(
            chosen
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        sent
    }
}

/// All forms of an HTML page.
pub(crate) fn forms(page: &str) -> Vec<Form> {
    let mut found = Vec::new();
    let mut open: Option<Form> = None;
    for tag in tags(page) {
        match tag.name.as_str() {
            "form" => {
                open = Some(Form {
                    action: tag.attribute("action").unwrap_or_default(),
                    fields: Vec::new(),
                })
            }
            "/form" => found.extend(open.take()),
            "input" => {
                if let (Some(form), Some(name)) = (open.as_mut(), tag.attribute("name")) {
                    let kind = tag.attribute("type").unwrap_or_default().to_ascii_lowercase();
                    let chosen = tag.attribute("checked").is_some();
                    let sent = match kind.as_str() {
                        "submit" | "button" | "image" | "reset" => false,
                        "checkbox" | "radio" => chosen,
                        _ => true,
                    };
                    if sent {
                        form.fields.push((name, tag.attribute("value").unwrap_or_default()));
                    }
                }
            }
            _ => {}
        }
    }
    found.extend(open);
    found
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<String> {
        self.attributes
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.clone())
    }
}

/// The tags of a page in order, with unescaped attributes; text between them is skipped.
fn tags(page: &str) -> impl Iterator<Item = Tag> + '_ {
    page.split('<').skip(1).filter_map(|piece| {
        let end = piece
            .find(|c: char| c.is_ascii_whitespace() || c == '>')
            .unwrap_or(piece.len());
        let (name, mut rest) = piece.split_at(end);
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            if rest.is_empty() || rest.starts_with('>') || rest.starts_with("/>") {
                break;
            }
            let end = rest
                .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>'))
                .unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            let after = after.trim_start();
            let Some(value) = after.strip_prefix('=') else {
                attributes.push((key.to_ascii_lowercase(), String::new()));
                rest = if key.is_empty() {
                    after.get(1..).unwrap_or("")
                } else {
                    after
                };
                continue;
            };
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (text, after) = match quote {
                Some(quote) => value.get(1..).unwrap_or("").split_once(quote).unwrap_or((value, "")),
                None => {
                    let end = value
                        .find(|c: char| c.is_ascii_whitespace() || c == '>')
                        .unwrap_or(value.len());
                    value.split_at(end)
                }
            };
            attributes.push((key.to_ascii_lowercase(), unescape(text)));
            rest = after;
        }
        (!name.is_empty()).then(|| Tag {
            name: name.trim_end_matches('/').to_ascii_lowercase(),
            attributes,
        })
    })
}

fn unescape(text: &str) -> String {
    let mut plain = text.to_owned();
    for (code, sign) in [
        ("&#34;", "\""),
        ("&#x22;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#38;", "&"),
        ("&#60;", "<"),
        ("&lt;", "<"),
        ("&#62;", ">"),
        ("&gt;", ">"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(code, sign);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gives_its_hidden_fields_and_leaves_buttons_to_the_one_who_presses_them() {
        let page = r#"<main><form method="post" action="/consent?a=1&amp;b=2"><input type="hidden" name="csrf" value="x&quot;y">
            <input type=checkbox name=remember><input type="text" name='note' value='hi'>
            <button name="decision" value="allow">Allow</button></form></main>"#;
        let found = forms(page);
        assert_eq!(found.len(), 1);
        let form = found.first().unwrap();
        assert_eq!(form.action, "/consent?a=1&b=2");
        assert_eq!(
            form.filled(&[("decision", "allow"), ("note", "changed")]),
            [("csrf", "x\"y"), ("decision", "allow"), ("note", "changed")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }

    #[test]
    fn broken_pages_end_too() {
        for page in [
            "<form",
            "<form action=",
            "<form action='x",
            "<input <form =>",
            "<",
            "<form =",
            "<form action=\"é",
        ] {
            let _ = forms(page);
        }
    }
}
